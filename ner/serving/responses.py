"""Refusals, and the headers that go in with requests and out with answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.addresses import Addresses

# From these Gradio takes the address of its own page.
_FORWARDED = ("x-forwarded-host", "x-forwarded-proto", "x-gradio-server")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Seconds until one may come again, for an answer 503 that does not say it.
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


UNUSABLE_CALL = Refusal(
    422,
    "unusable",
    "The request names no function of this page, or has invalid values for it.",
    body_read=True,
)


@dataclass(frozen=True)
class Headers:
    """ASGI middleware: security headers for every answer; 503 says when to come again.

    Without a trusted proxy nobody may say under which address the page is reached.
    """

    app: ASGIApp
    addresses: Addresses

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

        if scope["type"] in ("http", "websocket") and not self.addresses.trust_proxy:
            # In the scope itself: the log finds in it what is added later, such as the route.
            headers = MutableHeaders(scope=scope)
            for name in _FORWARDED:
                del headers[name]
        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
