"""How often one client may ask, and how many streams it may hold open."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.probes import PROBES
from ner.serving.responses import Refusal

# Tokens that a request takes from its client's bucket. Files of the page are cheap to serve and
# many; a probe is answered whoever asks.
_POST = 1.0
_GET = 0.2
_FREE = (
    *("/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico"),
    # The answer to what has been counted already, and the stream that an open page holds.
    *("/gradio_api/queue/", "/gradio_api/call/", "/gradio_api/heartbeat/"),
    *PROBES,
)
_STREAMS = tuple(f"/gradio_api/{name}/" for name in ("heartbeat", "queue/data", "call"))
_STREAM_RETRY_AFTER = 10


@dataclass
class TokenBuckets:
    """A token bucket for each client: ``burst`` tokens at most, ``per_second`` come back.

    Of ``clients`` at most; whichever was not seen for longest is forgotten first.
    https://en.wikipedia.org/wiki/Token_bucket
    """

    per_second: float
    burst: float
    clients: int
    clock: Callable[[], float] = time.monotonic
    # Tokens, and when they were counted.
    _table: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, init=False)

    def __len__(self) -> int:
        return len(self._table)

    def take(self, client: str, tokens: float) -> float:
        """Take ``tokens``; 0 if they were there, else the seconds until they will be."""
        now = self.clock()
        left, then = self._table.pop(client, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.per_second)
        missing = tokens - left
        self._table[client] = (left if missing > 0 else left - tokens, now)
        if len(self._table) > self.clients:
            self._table.popitem(last=False)
        return max(0.0, missing / self.per_second)


@dataclass(frozen=True)
class RateLimit:
    """ASGI middleware: a client that asks too often gets 429 and when to come again.

    This machine itself is not limited, unless a proxy stands before the app.
    """

    app: ASGIApp
    buckets: TokenBuckets
    addresses: Addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        tokens = _cost(scope) if scope["type"] == "http" else 0.0
        client = self.addresses.client(scope) if tokens else None
        wait = self.buckets.take(client, tokens) if client is not None else 0.0
        if wait:
            sentence = f"Too many requests. Try again in {max(1, round(wait))} s."
            await Refusal(429, "rate", sentence, wait)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _cost(scope: Scope) -> float:
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return _POST
    return 0.0 if scope["path"].startswith(_FREE) else _GET


@dataclass(frozen=True)
class StreamLimit:
    """ASGI middleware: a client with ``most`` open streams of events gets 429 for one more.

    Each is a connection and a task. This machine itself is not limited, unless a proxy stands
    before the app.
    """

    app: ASGIApp
    most: int
    addresses: Addresses
    _open: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        client = self.addresses.client(scope) if _is_stream(scope) else None
        if client is None:
            await self.app(scope, receive, send)
            return
        if self._open[client] >= self.most:
            sentence = f"There are {self.most} open streams of yours already. Close some pages."
            await Refusal(429, "streams", sentence, _STREAM_RETRY_AFTER)(scope, receive, send)
            return
        self._open[client] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]


def _is_stream(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return f"{scope['path']}/".startswith(_STREAMS)
