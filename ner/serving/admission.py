"""Admission: few requests run at once, some wait, the rest is refused at once and never later."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.errors import Failure
from ner.serving.bounds import SlotBounds
from ner.serving.responses import Refusal

# Told to those who wait for long work of others.
WAITING = "Others are being served first; yours is in the queue …"
# What a request that finds no slot is told to wait, in seconds.
RETRY_AFTER = 2


class Busy(Failure):
    """No slot came free: too many ask at once."""

    def __init__(self) -> None:
        super().__init__(
            f"Too many are asking at once. Nothing was done; try again in {RETRY_AFTER} seconds."
        )


class ClientDisconnected(Failure):
    """The client went while its request waited; nobody needs the answer."""

    def __init__(self) -> None:
        super().__init__("The request was given up while it waited.")


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
        """Whether one who comes now has to wait first."""
        return self.running >= self.bounds.running

    @contextmanager
    def slot(self, *, disconnected: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """A slot for the length of a ``with`` block.

        Raises ``Busy`` if there is none, or none came free in time; ``ClientDisconnected`` if
        ``disconnected``, asked after a wait, says that the answer is not wanted any more.
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


@dataclass
class Admission:
    """ASGI middleware: a call that would find no slot gets 503 and when to come again.

    ``short`` are the slots for one text, ``long`` those for many; ``calls`` tells how many calls of
    one text have been taken and not answered yet, of which ``most_calls`` may be. A call counts
    from when its body is complete: one that comes slowly takes nobody's turn, and of many at the
    same moment no more are taken than can be served.
    """

    app: ASGIApp
    short: Slots
    long: Slots
    most_calls: int
    calls: Callable[[], int]
    _entering: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        slots = self._slots(scope)
        if slots is None:
            await self.app(scope, receive, send)
            return
        # Refused unread, some clients would find their connection broken and not see the answer.
        parts = await _whole(receive)
        if self._full(slots):
            refusal = Refusal(503, "busy", str(Busy()), RETRY_AFTER, body_read=True)
            await refusal(scope, receive, send)
            return
        self._entering += 1
        try:
            await self.app(scope, _replay(parts, receive), send)
        finally:
            self._entering -= 1

    def _full(self, slots: Slots) -> bool:
        if slots is self.long:
            return slots.full
        return slots.full or self.calls() + self._entering >= self.most_calls

    def _slots(self, scope: Scope) -> Slots | None:
        """Those that an API call needs; None for all else."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        called, _, name = scope["path"].rstrip("/").rpartition("/")
        if not called.endswith(("/call", "/call/v2", "/api", "/run")):
            return None
        return self.long if name == "evaluate" else self.short


async def _whole(receive: Receive) -> list[Message]:
    """The parts of a body, up to its end or its sender's leaving; `BodyLimit` bounds them."""
    parts = [await receive()]
    while parts[-1].get("more_body", False):
        parts.append(await receive())
    return parts


def _replay(parts: list[Message], receive: Receive) -> Receive:
    """Gives these first, then what else comes."""
    given = iter(parts)

    async def replay() -> Message:
        part = next(given, None)
        return await receive() if part is None else part

    return replay
