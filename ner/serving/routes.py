"""Doors of Gradio that the page does not use, closed; and requests that Gradio stumbles over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradio.exceptions import Error
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.responses import refuse

_API = "/gradio_api"
# What these are for: fetching other addresses, components of others, state kept on the server's
# disk, development, recording, histories and accounts. The page has none of it. Its buttons stop
# work in their own way: Gradio's waits for the work to end, and lets nobody else go on meanwhile.
_CLOSED = (
    "/proxy=",
    "/file=http:",
    "/file=https:",
    "/custom_component/",
    "/component_server",
    "/deep_link",
    "/dev/",
    "/vibe",
    "/undo-vibe",
    "/process_recording",
    "/monitoring",
    "/profiling",
    "/run-history",
    "/runs",
    "/stream/",
    "/cancel",
    "/reset",
    "/login",
    "/logout",
)
# What may be called by name; Gradio would let any event of the page be.
PUBLIC = ("tag", "compare", "evaluate")
# Calls past the queue, to which Gradio answers 500 where it can't make sense of them.
_DIRECT = ("/run/", "/api/")
# These only put an event into the queue, so what fails in them is the request.
_QUEUED = ("/queue/join", "/call/", *_DIRECT)
# Streams of answers: one that nobody asked for ends with a sentence, for Gradio with a trace too.
_STREAMS = ("/call/", "/queue/data")
_UNUSABLE = "The request names no function of this page, or not the values that it takes."


@dataclass(frozen=True)
class Doors:
    """ASGI middleware: 404 for what is closed, 422 for calls that can't be made."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        path = scope.get("path", "").removeprefix(_API)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _closed(path):
            await refuse(scope, send, 404, "closed", "Not found.")
        elif scope["method"] == "GET" and path.startswith(_STREAMS):
            await self._stream(scope, receive, send)
        elif not path.startswith(_QUEUED):
            await self.app(scope, receive, send)
        else:
            await self._call(scope, receive, _softened(send) if path.startswith(_DIRECT) else send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The end of one that is unknown is no failure of the server's."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An exception before any answer is the request's doing."""
        try:
            await self.app(scope, receive, send)
        except (LookupError, TypeError, ValueError, AttributeError, FnIndexInferError, Error):
            await refuse(scope, send, 422, "unusable", _UNUSABLE)


def _closed(path: str) -> bool:
    if not path.startswith("/call/"):
        return path.lower().startswith(_CLOSED)
    name = path.removeprefix("/call/").removeprefix("v2/").partition("/")[0]
    return name not in PUBLIC


def _softened(send: Send) -> Callable[[Message], Any]:
    async def softened(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            message = {**message, "status": 422}
        await send(message)

    return softened
