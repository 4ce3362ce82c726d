"""What stands before the page on its way in and out: bounds on bodies, and headers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.responses import refuse
from ner.serving.uploads import is_upload

# Gold of 600,000 characters, the most that tab 'Evaluate' takes, is at most 2.4 MB in UTF-8.
MAX_BODY = 2_500_000
# Gradio holds each file to the first; the second is for all files of a request together.
MAX_FILE = 50_000_000
MAX_UPLOAD = 60_000_000
# A body may take this many seconds, and a second more for each so many bytes.
BODY_SECONDS = 30
SLOWEST = 20_000
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
    longer, or comes too slowly, is cut off as if its sender had gone. An answer 503 says when to
    come again.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _extended(message)}
            await send(message)

        limit = MAX_UPLOAD if is_upload(scope) else MAX_BODY
        headers = dict(scope["headers"])
        if b"content-length" in headers and b"transfer-encoding" in headers:
            # The second counts, and all that was allowed by the first would be too little.
            sentence = "The request states its length in two ways."
            await refuse(scope, send_with_headers, 400, "body", sentence)
            return
        stated = headers.get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > limit:
            sentence = f"The request is larger than {limit:,} bytes."
            await refuse(scope, send_with_headers, 413, "body", sentence)
            return
        await self.app(scope, _Body(receive, limit).receive, send_with_headers)


class _Body:
    """What comes in of one request: up to ``limit`` bytes, and not too slowly."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._begun = time.monotonic()
        self._received = 0
        self._complete = False

    async def receive(self) -> Message:
        """The next part; the end of the connection once a bound is passed."""
        if self._complete:
            # Nothing but the visitor's leaving is still to come, and that may take for ever.
            return await self._receive()
        allowed = BODY_SECONDS + self._received / SLOWEST
        try:
            async with asyncio.timeout(self._begun + allowed - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        return message if self._received <= self._limit else {"type": "http.disconnect"}


def _extended(message: Message) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = [*_given(message), *_HEADERS]
    if message["status"] == 503 and b"retry-after" not in dict(headers):
        headers.append((b"retry-after", _RETRY_AFTER))
    return headers


def _given(message: Message) -> Iterable[tuple[bytes, bytes]]:
    headers: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
    return headers
