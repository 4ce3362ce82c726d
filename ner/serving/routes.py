"""Routes of Gradio that the page does not use, closed; and requests that Gradio stumbles over."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.gradio_seam import REQUEST_ERRORS
from ner.serving.responses import Refusal
from ner.serving.uploads import is_upload

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
ENDPOINTS = ("tag", "compare", "evaluate")
# Calls past the queue, to which Gradio answers 500 where it can't make sense of them.
_DIRECT = ("/run/", "/api/")
# These only put an event into the queue, so what fails in them is the request.
_QUEUED = ("/queue/join", "/call/", *_DIRECT)
# Streams of answers: one that nobody asked for ends with a sentence, for Gradio with a trace too.
_STREAMS = ("/call/", "/queue/data")

_NOT_FOUND = Refusal(404, "closed", "Not found.")
_UNUSABLE_CALL = Refusal(
    422, "unusable", "The request names no function of this page, or not the values that it takes."
)
_UNUSABLE_UPLOAD = Refusal(
    400, "unusable", "The upload is no form (multipart/form-data) with files as a browser sends it."
)


@dataclass(frozen=True)
class Routes:
    """ASGI middleware: 404 for what is closed, 422 for calls that can't be made.

    An upload that is none gets 400. A request for several ranges of a file gets the whole, as RFC
    9110 allows (section 14.2).
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        path = scope.get("path", "").removeprefix(_API)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _is_closed(path):
            await _NOT_FOUND(scope, receive, send)
        elif is_upload(scope):
            await self._or(_UNUSABLE_UPLOAD, scope, receive, send)
        elif scope["method"] == "GET" and path.startswith(_STREAMS):
            await self._stream(scope, receive, send)
        elif path.startswith(_QUEUED):
            direct = path.startswith(_DIRECT)
            await self._or(
                _UNUSABLE_CALL, scope, receive, _blaming_request(send) if direct else send
            )
        else:
            _drop_several_ranges(scope)
            await self.app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The end of one that is unknown is no failure of the server's."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    async def _or(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it; an exception before any answer is the request's doing."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except REQUEST_ERRORS:
            if begun:
                raise
            await refusal(scope, receive, send)


def _is_closed(path: str) -> bool:
    if not path.startswith("/call/"):
        return path.lower().startswith(_CLOSED)
    name = path.removeprefix("/call/").removeprefix("v2/").partition("/")[0]
    return name not in ENDPOINTS


def _blaming_request(send: Send) -> Send:
    """Tells 422 where Gradio says 500."""

    async def blaming(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            message = {**message, "status": 422}
        await send(message)

    return blaming


def _drop_several_ranges(scope: Scope) -> None:
    """Take a Range of several parts out of ``scope``: Gradio fails at it."""
    headers = MutableHeaders(scope=scope)
    if "," in headers.get("range", ""):
        del headers["range"]
