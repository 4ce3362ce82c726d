"""How much disk visitors may take: with uploads and results, each of them and all together."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.addresses import visitor
from ner.serving.responses import refuse

# Seconds between looks for files of visitors, and the age at which these are deleted.
DELETE = (600, 6000)
# An upload or result is on disk for at most this long, in seconds.
KEPT = sum(DELETE)
# Bytes within that time, of one visitor and of all.
EACH = 200_000_000
TOTAL = 1_000_000_000
# Small uploads count as this many bytes, which bounds how many are remembered, and are stored.
_LEAST = 10_000


class Quota:
    """Bytes taken within the last ``seconds``, by visitor and in all."""

    def __init__(
        self,
        each: int = EACH,
        total: int = TOTAL,
        seconds: float = KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each = each
        self._total = total
        self._seconds = seconds
        self._clock = clock
        self._taken: deque[tuple[float, str | None, int]] = deque()
        self._by_visitor: Counter[str | None] = Counter()

    @property
    def used(self) -> int:
        """Bytes of all visitors."""
        self._forget()
        return self._by_visitor.total()

    def take(self, who: str | None, size: int) -> float:
        """Count ``size`` bytes; 0 if they are allowed, else the seconds until some come free.

        ``who`` is None for this machine itself, which shares in the total only.
        """
        wait = self.until_room(who, size)
        if not wait:
            self.add(who, size)
        return wait

    def until_room(self, who: str | None, size: int) -> float:
        """Seconds until some bytes come free if ``size`` more are not allowed, else 0."""
        size = max(size, _LEAST)
        over = self.used + size > self._total
        over = over or (who is not None and self._by_visitor[who] + size > self._each)
        if not over:
            return 0.0
        oldest = next(
            (when for when, one, _ in self._taken if one == who),
            self._taken[0][0] if self._taken else self._clock(),
        )
        return max(1.0, oldest + self._seconds - self._clock())

    def add(self, who: str | None, size: int) -> None:
        """Count ``size`` bytes that are there already, over the limits or not."""
        size = max(size, _LEAST)
        self._taken.append((self._clock(), who, size))
        self._by_visitor[who] += size

    def settle(self, who: str | None, stated: int, size: int) -> None:
        """Count ``size`` bytes in the place of those that were taken last as ``stated``."""
        stated, size = max(stated, _LEAST), max(size, _LEAST)
        for index in reversed(range(len(self._taken))):
            when, one, taken = self._taken[index]
            if (one, taken) == (who, stated):
                self._taken[index] = (when, who, size)
                self._by_visitor[who] += size - stated
                return

    def _forget(self) -> None:
        while self._taken and self._taken[0][0] + self._seconds <= self._clock():
            _, who, size = self._taken.popleft()
            self._by_visitor[who] -= size
            if not self._by_visitor[who]:
                del self._by_visitor[who]


@dataclass(frozen=True)
class Uploads:
    """ASGI middleware: an upload over its visitor's quota, or over that of all, gets 429.

    It must state its length, as browsers do: without one it gets 411. What it states is taken at
    first, and what came of it is counted in the end.
    """

    app: ASGIApp
    quota: Quota
    trust_proxy: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if not is_upload(scope):
            await self.app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"")
        if not stated.isdigit():
            await refuse(scope, send, 411, "upload", "An upload must state its length.")
            return
        who = visitor(scope, trust_proxy=self.trust_proxy)
        wait = self.quota.take(who, int(stated))
        if wait:
            sentence = f"Too much has been uploaded. Uploads {room_again(wait)}"
            await refuse(scope, send, 429, "upload", sentence, retry_after=wait)
            return
        upload = _Upload(receive, send)
        try:
            await self.app(scope, upload.receive, upload.send)
        finally:
            self.quota.settle(who, int(stated), 0 if upload.refused else upload.received)


def room_again(wait: float) -> str:
    """The end of a sentence about files that there is no room for, in ``wait`` seconds there is."""
    hours = math.ceil(KEPT / 3600)
    return f"are deleted within {hours} hours; there is room again in {wait / 60:.0f} min."


@dataclass
class _Upload:
    """What came of one upload: the bytes that were received, and whether they were refused."""

    _receive: Receive
    _send: Send
    received: int = 0
    refused: bool = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.refused = message["status"] >= 400
        await self._send(message)


def is_upload(scope: Scope) -> bool:
    """Whether a request brings files."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return path.rstrip("/") == "/gradio_api/upload"
