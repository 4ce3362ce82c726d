"""Slots: few calls run at once, some wait, the rest is refused at once and never later."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ner.errors import Failure
from ner.serving.bounds import SlotBounds

# Told to those who wait for long work of others.
WAITING = "Others are being served first; yours is in the queue …"
# Seconds until a call that found no place is to come again.
RETRY_AFTER = 2


class Busy(Failure):
    """No slot came free: too many ask at once."""

    def __init__(self) -> None:
        super().__init__(
            f"Too many are asking at once. Nothing was done; try again in {RETRY_AFTER} seconds."
        )


class ClientDisconnected(Failure):
    """The client left while its request waited; nobody needs the answer."""

    def __init__(self) -> None:
        super().__init__("The client left while its request waited.")


@dataclass
class Slots:
    """A fair semaphore with a bounded queue: first come, first served.

    At most ``bounds.running`` threads hold a slot. ``took`` is told how long each was asked for and
    held, in seconds; ``on_refusal`` is called for each request that found none.
    """

    bounds: SlotBounds
    took: Callable[[float], None] = field(default=lambda _: None, repr=False)
    on_refusal: Callable[[], None] = field(default=lambda: None, repr=False)
    running: int = field(default=0, init=False)
    _waiting: deque[threading.Event] = field(default_factory=deque, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether clients of the HTTP API are to come again later."""
        return self.queued >= self.bounds.queued - self.bounds.reserved

    @property
    def taken(self) -> bool:
        """Whether a request that comes now has to wait first."""
        return self.running >= self.bounds.running

    @contextmanager
    def slot(self, *, disconnected: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """A slot for the length of a ``with`` block.

        Raises ``Busy`` if no slot comes free in time; ``ClientDisconnected`` if ``disconnected``,
        asked after a wait, says that nobody wants the answer any more.
        """
        begun = time.monotonic()
        waited = self._acquire()
        try:
            if waited and disconnected():
                raise ClientDisconnected
            yield
        finally:
            self._release()
            self.took(time.monotonic() - begun)

    def _acquire(self) -> bool:
        """Take a slot; whether that took waiting."""
        with self._lock:
            if self.running < self.bounds.running:
                self.running += 1
                return False
            if len(self._waiting) >= self.bounds.queued:
                self.on_refusal()
                raise Busy
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(self.bounds.patience):
            return True
        with self._lock:
            # It may have come between the end of patience and here.
            if not turn.is_set():
                self._waiting.remove(turn)
                self.on_refusal()
                raise Busy
        return True

    def _release(self) -> None:
        """Hand the slot to the first who waits, so that nobody can slip in between."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self.running -= 1
