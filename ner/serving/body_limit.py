"""How long a request's body may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from ner.serving.bounds import Bounds
from ner.serving.refusal import Refusal


def check_length(headers: Headers, limit: int) -> None:
    """Raise ``Refusal`` for a body that states more than ``limit`` bytes, or states no number."""
    stated = headers.get("content-length", "0")
    if "content-length" in headers and "transfer-encoding" in headers:
        # The server goes by the second; limits by the first would allow too much.
        raise Refusal(400, "body", "The request states its length in two ways.")
    if not (stated.isascii() and stated.isdigit()) or int(stated) > limit:
        raise Refusal(413, "body", f"The request is larger than {limit:,} bytes.")


class Body:
    """The ``receive`` of one request, cut off as if its sender had gone past a bound.

    That is ``limit`` bytes, or coming too slowly. ``received`` counts the bytes so far, and
    ``complete`` says whether all of it has come.
    """

    def __init__(self, receive: Receive, limit: int, bounds: Bounds) -> None:
        self.received = 0
        self.complete = False
        self._receive = receive
        self._limit = limit
        self._bounds = bounds
        self._begun = time.monotonic()
        self._read_ahead: deque[Message] = deque()

    async def __call__(self) -> Message:
        """The next part."""
        return self._read_ahead.popleft() if self._read_ahead else await self._next()

    async def whole(self) -> bytes:
        """All that comes; the app receives it again."""
        more = True
        while more:
            part = await self._next()
            self._read_ahead.append(part)
            more = part.get("more_body", False)
        return b"".join(part.get("body", b"") for part in self._read_ahead)

    async def _next(self) -> Message:
        if self.complete:
            # Only the client's leaving is still to come, and that may take for ever.
            return await self._receive()
        seconds = self._bounds.body_seconds + self.received / self._bounds.body_bytes_per_second
        try:
            async with asyncio.timeout(self._begun + seconds - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self.received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        return message if self.received <= self._limit else {"type": "http.disconnect"}
