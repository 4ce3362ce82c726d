"""Places at the models: few work at once, some wait, the rest is refused at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ner.errors import Failure

# Told to those who wait for long work of others.
WAITING = "Others are being served first; yours is in the queue …"
# What a request that finds no place is told to wait, in seconds.
RETRY_AFTER = 2


class Busy(Failure):
    """No place came free: too many ask at once."""

    def __init__(self) -> None:
        super().__init__(
            f"Too many are asking at once. Nothing was done; try again in {RETRY_AFTER} seconds."
        )


class Left(Failure):
    """The visitor went while waiting; nobody needs the answer."""

    def __init__(self) -> None:
        super().__init__("The request was given up while it waited.")


@dataclass
class Places:
    """At most ``at_once`` threads at work, ``queue`` waiting, none for over ``patience`` seconds.

    First come, first served. ``reserve`` is the part of the queue that is not offered over the
    HTTP API, whose clients are told to come again before that; the page's visitors have it to
    themselves. ``took`` is told how long each stay lasted, waiting included, in seconds.
    """

    at_once: int = 1
    queue: int = 48
    reserve: int = 16
    patience: float = 10.0
    took: Callable[[float], None] = field(default=lambda _: None, repr=False)
    refused: int = 0
    working: int = 0
    _waiting: deque[threading.Event] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether clients of the HTTP API are to come again later."""
        return self.waiting >= self.queue - self.reserve

    @property
    def taken(self) -> bool:
        """Whether one who comes now has to wait first."""
        return self.working >= self.at_once

    @contextmanager
    def one(self, *, gone: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """A place for the length of a ``with`` block.

        Raises ``Busy`` if there is none, or none came free in time; ``Left`` if ``gone``, asked
        after a wait, says that the answer is not wanted any more.
        """
        begun = time.monotonic()
        waited = self._take()
        try:
            if waited and gone():
                raise Left
            yield
        finally:
            self._give()
            self.took(time.monotonic() - begun)

    def _take(self) -> bool:
        """Take a place; whether that took waiting."""
        with self._lock:
            if self.working < self.at_once:
                self.working += 1
                return False
            if len(self._waiting) >= self.queue:
                self.refused += 1
                raise Busy
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(self.patience):
            return True
        with self._lock:
            # It may have come between the end of patience and here.
            if not turn.is_set():
                self._waiting.remove(turn)
                self.refused += 1
                raise Busy
        return True

    def _give(self) -> None:
        """Hand the place to the first who waits, so that nobody can slip in between."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self.working -= 1
