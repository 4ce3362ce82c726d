"""Routes that are closed, always or while the server shuts down; requests that Gradio fails at."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.admission import LONG_CALLS, SHORT_CALLS
from ner.serving.probes import RETRY_AFTER, Readiness
from ner.serving.responses import UNUSABLE_CALL, Refusal
from ner.serving.uploads import is_upload

_API = "/gradio_api"
# These fetch other addresses or foreign components, keep state on the server's disk, or are for
# development, recording, histories and accounts. The page uses none. Its buttons stop work in their
# own way: Gradio's (/cancel) waits for the work to end, and lets nobody else go on meanwhile.
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
# Gradio would let any event of the page be called by name.
ENDPOINTS = (*SHORT_CALLS, *LONG_CALLS)
# Calls past the queue; Gradio answers 500 to those that it can't make sense of.
_DIRECT = ("/run/", "/api/")
# These only put a call into the queue, so if they fail the request is at fault.
_QUEUED = ("/queue/join", "/call/", *_DIRECT)
# Streams of answers: one that nobody asked for ends with a sentence, for Gradio with a trace too.
_STREAMS = ("/call/", "/queue/data")
_REQUEST_ERRORS = (LookupError, TypeError, ValueError, AttributeError)

_NOT_FOUND = Refusal(404, "closed", "Not found.")
_DRAINING = Refusal(
    503,
    "draining",
    "The server is shutting down and takes no new work. Try again in a minute.",
    RETRY_AFTER,
)
_UNUSABLE_UPLOAD = Refusal(
    400, "unusable", "The upload is no form (multipart/form-data) with files as a browser sends it."
)


@dataclass(frozen=True)
class Routes:
    """ASGI middleware: 404 for what is closed, 503 for new work while the server shuts down.

    Calls that can't be made get 422, uploads without files 400. A request for several ranges of a
    file gets the whole, as RFC 9110 allows (section 14.2).
    """

    app: ASGIApp
    readiness: Readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        path = scope.get("path", "").removeprefix(_API)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _is_closed(path):
            await _NOT_FOUND(scope, receive, send)
        elif scope["method"] == "POST" and self.readiness.draining:
            await _DRAINING(scope, receive, send)
        elif is_upload(scope):
            await self._or(_UNUSABLE_UPLOAD, scope, receive, send)
        elif scope["method"] == "GET" and path.startswith(_STREAMS):
            await self._stream(scope, receive, send)
        elif path.startswith(_QUEUED):
            blaming = _blaming_request(send) if path.startswith(_DIRECT) else send
            await self._or(UNUSABLE_CALL, scope, receive, blaming)
        else:
            headers = MutableHeaders(scope=scope)
            if "," in headers.get("range", ""):
                del headers["range"]
            await self.app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An unknown stream ends; that is no failure of the server."""
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    async def _or(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it; an exception before any answer is the fault of the request."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except _REQUEST_ERRORS:
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
