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
    _waiting: deque[object] = field(default_factory=deque, init=False, repr=False)
    _changed: threading.Condition = field(
        default_factory=threading.Condition, init=False, repr=False
    )

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
        return self.running >= self.bounds.running or bool(self._waiting)

    @contextmanager
    def slot(self, *, disconnected: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """A slot for the length of a ``with`` block.

        Raises ``Busy`` if no slot comes free in time; ``ClientDisconnected`` if ``disconnected``,
        asked after a wait, says that nobody wants the answer any more.
        """
        begun = time.monotonic()
        with self._changed:
            waited = self.taken
            if waited:
                self._wait()
            self.running += 1
        try:
            if waited and disconnected():
                raise ClientDisconnected
            yield
        finally:
            with self._changed:
                self.running -= 1
                self._changed.notify_all()
            self.took(time.monotonic() - begun)

    def _wait(self) -> None:
        """Until it is one's turn; those that come meanwhile stand behind."""
        came = False
        if len(self._waiting) < self.bounds.queued:
            mine = object()
            self._waiting.append(mine)
            came = self._changed.wait_for(
                lambda: self._waiting[0] is mine and self.running < self.bounds.running,
                self.bounds.patience,
            )
            self._waiting.remove(mine)
            # The next one may have been woken with this one, and there may be a slot for it too.
            self._changed.notify_all()
        if not came:
            self.on_refusal()
            raise Busy
