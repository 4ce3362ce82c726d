"""How long and how slow a request may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fakes import awaited
from starlette.middleware import Middleware
from starlette.types import Message, Scope

from ner.serving.bodies import BodyLimit
from ner.serving.bounds import Bounds
from ner.serving.responses import ResponseHeaders
from serving.client import client

BOUNDS = Bounds()


@pytest.mark.parametrize("path", ["/gradio_api/run/upload", "/upload", "/gradio_api/call/upload"])
def test_only_uploads_may_be_as_long_as_uploads(path: str) -> None:
    """Whatever else ends like them."""
    refused = client(Middleware(BodyLimit, BOUNDS)).post(
        path, content=b"x" * (BOUNDS.body_bytes + 1)
    )

    assert 413 == refused.status_code


def test_a_length_stated_in_two_ways_is_refused() -> None:
    """The server takes the chunked one, which a quota by the other would not see."""
    headers = {"content-length": "1", "transfer-encoding": "chunked"}
    refused = client(Middleware(BodyLimit, BOUNDS)).post(
        "/gradio_api/upload", content=b"x", headers=headers
    )

    assert 400 == refused.status_code
    assert "two ways" in refused.json()["detail"]


def test_a_body_over_the_limit_is_refused_with_all_headers() -> None:
    """413, named, and with the headers that every answer has."""
    refused = client(Middleware(ResponseHeaders), Middleware(BodyLimit, BOUNDS)).post(
        "/x", content=b"x" * (BOUNDS.body_bytes + 1)
    )

    assert 413 == refused.status_code
    assert f"{BOUNDS.body_bytes:,}" in refused.json()["detail"]
    assert "nosniff" == refused.headers["x-content-type-options"]


def test_a_body_that_comes_too_slowly_is_cut_off() -> None:
    """The app sees its sender gone; after a whole body it may wait for as long as it likes."""
    bounds = Bounds(body_seconds=0.01)
    seen: list[Message] = []

    async def app(scope: Scope, receive: Callable[[], Any], send: Any) -> None:
        seen.extend([await receive(), await receive()])

    async def ask(*parts: Message) -> None:
        coming = iter(parts)

        async def receive() -> Message:
            part = next(coming, None)
            if part is None:
                await asyncio.Event().wait()
            assert part is not None
            return part

        scope: Scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
        await BodyLimit(app, bounds)(scope, receive, lambda _: asyncio.sleep(0))

    part = {"type": "http.request", "body": b"x", "more_body": True}
    awaited(ask(part))

    assert ["http.request", "http.disconnect"] == [message["type"] for message in seen]

    async def patient() -> None:
        await asyncio.wait_for(ask({**part, "more_body": False}), 0.2)

    with pytest.raises(TimeoutError):
        awaited(patient())
