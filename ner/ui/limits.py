"""What stands before the page on its way in and out: a limit on bodies, and headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gold of 600,000 characters, the most that tab 'Evaluate' takes, is at most 2.4 MB in UTF-8.
MAX_BODY = 2_500_000
# Gradio holds each file to the first; the second is for all files of a request together.
MAX_FILE = 50_000_000
MAX_UPLOAD = 60_000_000
_RETRY_AFTER = b"5"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


@dataclass(frozen=True)
class Limits:
    """ASGI middleware: bounds the bodies of requests, and adds headers to every answer.

    A body that states a length over the limit is refused unread with 413; one that turns out
    longer is cut off as if its sender had gone. An answer 503 (the queue is full) says when to
    come again.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = MAX_UPLOAD if scope["path"].rstrip("/").endswith("/upload") else MAX_BODY
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > limit:
            await _refuse(send, limit)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message if received <= limit else {"type": "http.disconnect"}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _extended(message)}
            await send(message)

        await self.app(scope, receive_within_limit, send_with_headers)


def _extended(message: Message) -> list[tuple[bytes, bytes]]:
    headers: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
    retry = [(b"retry-after", _RETRY_AFTER)] if message["status"] == 503 else []
    return [*headers, *_HEADERS, *retry]


async def _refuse(send: Send, limit: int) -> None:
    body = f'{{"detail": "The request is larger than {limit:,} bytes."}}'.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # The body was not read, so the connection can't be used again.
        (b"connection", b"close"),
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
