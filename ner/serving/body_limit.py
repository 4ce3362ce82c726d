"""How long a request's body may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from ner.serving.bounds import Bounds
from ner.serving.refusal import Refusal


def stated_length(headers: Headers, limit: int) -> int | None:
    """How many bytes a body has by its request's headers, None if they do not say.

    Raises ``Refusal`` for more than ``limit``, and for what is not one number.
    """
    stated = headers.get("content-length")
    if stated is None:
        return None
    if "transfer-encoding" in headers:
        # The server goes by that; limits by the length would allow too much.
        raise Refusal(400, "body", "The request states its length in two ways.")
    if not (stated.isascii() and stated.isdigit()) or int(stated) > limit:
        raise Refusal(413, "body", f"The request is larger than {limit:,} bytes.")
    return int(stated)


@dataclass
class Body:
    """Stands for the ``receive`` of one request: past a bound its sender seems to have gone.

    A bound is ``limit`` bytes, or coming too slowly. ``received`` counts the bytes so far, and
    ``complete`` says whether all of it has come.
    """

    receive: Receive
    limit: int
    bounds: Bounds
    received: int = 0
    complete: bool = False
    _begun: float = field(default_factory=time.monotonic, init=False)
    _read_ahead: deque[Message] = field(default_factory=deque, init=False)

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
            return await self.receive()
        seconds = self.bounds.body_seconds + self.received / self.bounds.body_bytes_per_second
        try:
            async with asyncio.timeout(self._begun + seconds - time.monotonic()):
                message = await self.receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self.received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        return message if self.received <= self.limit else {"type": "http.disconnect"}
