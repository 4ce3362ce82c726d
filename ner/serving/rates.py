"""How often one visitor may ask: a token bucket each, before anything of a request is read."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.serving.addresses import visitor
from ner.serving.responses import refuse

# Visitors remembered at once; whoever was not seen for longest is forgotten first.
_VISITORS = 10_000
# What a request takes from its visitor's bucket. Files of the page are cheap to serve and many.
_POST = 1.0
_GET = 0.2
_FREE = (
    *("/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico"),
    # The answer to what has been counted already, and the stream that an open page holds.
    *("/gradio_api/queue/", "/gradio_api/call/", "/gradio_api/heartbeat/"),
)


class Buckets:
    """A token bucket for each visitor: ``burst`` tokens at most, ``per_second`` come back.

    https://en.wikipedia.org/wiki/Token_bucket
    """

    def __init__(
        self,
        per_second: float,
        burst: float,
        *,
        visitors: int = _VISITORS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = visitors
        self._clock = clock
        # Tokens, and when they were counted.
        self._table: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._table)

    def take(self, who: str, tokens: float) -> float:
        """Take ``tokens``; 0 if they were there, else the seconds until they will be."""
        now = self._clock()
        left, then = self._table.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._per_second)
        missing = tokens - left
        self._table[who] = (left if missing > 0 else left - tokens, now)
        if len(self._table) > self._most:
            self._table.popitem(last=False)
        return max(0.0, missing / self._per_second)


@dataclass(frozen=True)
class RateLimit:
    """ASGI middleware: a visitor who asks too often gets 429 and when to come again.

    This machine itself is not limited, unless a proxy stands before the app.
    """

    app: ASGIApp
    buckets: Buckets
    trust_proxy: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        tokens = _cost(scope) if scope["type"] == "http" else 0.0
        who = visitor(scope, trust_proxy=self.trust_proxy) if tokens else None
        wait = self.buckets.take(who, tokens) if who is not None else 0.0
        if wait:
            sentence = f"That was too often. Come again in {max(1, round(wait))} s."
            await refuse(scope, send, 429, "rate", sentence, retry_after=wait)
            return
        await self.app(scope, receive, send)


def _cost(scope: Scope) -> float:
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return _POST
    return 0.0 if scope["path"].startswith(_FREE) else _GET
