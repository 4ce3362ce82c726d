"""How often one client may ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ner.serving.refusal import Refusal


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

    def check(self, client: str, tokens: float) -> None:
        """Take ``tokens``; raises ``Refusal`` where they are not there."""
        if wait := self.take(client, tokens):
            sentence = f"Too many requests. Try again in {max(1, round(wait))} s."
            raise Refusal(429, "rate", sentence, wait)

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
