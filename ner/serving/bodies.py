"""How long a request's body may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.bounds import Bounds
from ner.serving.responses import Refusal
from ner.serving.uploads import is_upload


@dataclass(frozen=True)
class BodyLimit:
    """ASGI middleware: bounds the bodies of requests.

    A body that states a length over the limit is refused unread with 413; one that turns out
    longer, or comes too slowly, is cut off as if its sender had gone.
    """

    app: ASGIApp
    bounds: Bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.bounds.upload_body_bytes if is_upload(scope) else self.bounds.body_bytes
        headers = Headers(scope=scope)
        if "content-length" in headers and "transfer-encoding" in headers:
            # The second counts, and all that was allowed by the first would be too little.
            refusal = Refusal(400, "body", "The request states its length in two ways.")
            await refusal(scope, receive, send)
            return
        stated = headers.get("content-length", "0")
        if not (stated.isascii() and stated.isdigit()) or int(stated) > limit:
            refusal = Refusal(413, "body", f"The request is larger than {limit:,} bytes.")
            await refusal(scope, receive, send)
            return
        await self.app(scope, _Body(receive, limit, self.bounds).receive, send)


class _Body:
    """What comes in of one request: up to ``limit`` bytes, and not too slowly."""

    def __init__(self, receive: Receive, limit: int, bounds: Bounds) -> None:
        self._receive = receive
        self._limit = limit
        self._bounds = bounds
        self._begun = time.monotonic()
        self._received = 0
        self._complete = False

    async def receive(self) -> Message:
        """The next part; the end of the connection once a bound is passed."""
        if self._complete:
            # Nothing but the client's leaving is still to come, and that may take for ever.
            return await self._receive()
        allowed = self._bounds.body_seconds + self._received / self._bounds.body_bytes_per_second
        try:
            async with asyncio.timeout(self._begun + allowed - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        return message if self._received <= self._limit else {"type": "http.disconnect"}
