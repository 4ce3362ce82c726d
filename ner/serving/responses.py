"""What the guard answers by itself, and the headers that every answer has."""

from __future__ import annotations

import math
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# What an answer 503 says that does not know better, in seconds.
_RETRY_AFTER = 5


@dataclass(frozen=True)
class Refusal:
    """ASGI app: answers ``status`` with ``sentence``.

    ``reason`` is one word for the metrics and the log, left in ``scope["state"]["refused"]``.
    ``retry_after`` is in seconds; ``body_read`` tells that the whole request has been read.
    """

    status: int
    reason: str
    sentence: str
    retry_after: float | None = None
    body_read: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one request."""
        scope.setdefault("state", {})["refused"] = self.reason
        response = JSONResponse({"detail": self.sentence}, self.status)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        if not self.body_read and scope["method"] not in ("GET", "HEAD"):
            # What is left of it stands where the next one would begin.
            response.headers["Connection"] = "close"
        await response(scope, receive, send)


@dataclass(frozen=True)
class ResponseHeaders:
    """ASGI middleware: security headers for every answer; 503 says when to come again."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                headers.update(_HEADERS)
                if message["status"] == 503:
                    headers.setdefault("Retry-After", str(_RETRY_AFTER))
                message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
