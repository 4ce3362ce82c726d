"""An app of one route behind middleware, and a client that asks it within this process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partialmethod
from types import SimpleNamespace
from typing import Any

import httpx
from fakes import awaited, service_of
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ner.serving.guard import Guard
from ner.serving.service import Service

SECRET = "Ada Lovelace lived in London"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


async def _broken(request: Request) -> PlainTextResponse:
    raise RuntimeError(SECRET)


@dataclass(frozen=True)
class Client:
    """Asks an app that runs in this process, from an address of its own."""

    app: Starlette
    address: str

    def request(self, method: str, path: str, **settings: Any) -> httpx.Response:
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(self.address, 50000)
        )

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **settings)

        return awaited(ask())

    get = partialmethod(request, "GET")
    head = partialmethod(request, "HEAD")
    post = partialmethod(request, "POST")


def page_of(*calls: tuple[str | None, str]) -> Any:
    """A page as far as the guard knows it: two functions, and calls by name and address."""
    events = {
        str(number): SimpleNamespace(
            fn=SimpleNamespace(api_name=name),
            request=SimpleNamespace(scope={"client": (address, 1), "headers": []}),
        )
        for number, (name, address) in enumerate(calls)
    }
    queue = SimpleNamespace(
        event_ids_to_events=events,
        pending_event_ids_session={},
        pending_messages_per_session={},
    )
    fns = {0: SimpleNamespace(api_name="tag"), 1: SimpleNamespace(api_name=False)}
    return SimpleNamespace(_queue=queue, fns=fns)


def client(*stack: Middleware, address: str = "203.0.113.7") -> Client:
    """An app of one route, any path, behind ``stack``; the client has an address of its own."""
    routes = [
        Route("/broken", _broken),
        Route("/{path:path}", _echo, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, middleware=list(stack))
    return Client(app, address)


def guarded(
    *calls: tuple[str | None, str], service: Service | None = None, address: str = "203.0.113.7"
) -> Client:
    """The same behind the guard of a page where these calls, by name and address, are under way."""
    guard = Middleware(Guard, page_of(*calls), service or service_of())
    return client(guard, address=address)
