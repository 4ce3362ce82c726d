"""Admission: few calls run at once, some wait, the rest is refused at once and never later."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.errors import Failure
from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds, SlotBounds
from ner.serving.gradio_seam import drop_unfetched, function_name, queued
from ner.serving.responses import UNUSABLE_CALL, Refusal

# What may be called by name: for one text, and for many.
SHORT_CALLS = ("tag", "compare")
LONG_CALLS = ("evaluate",)
# Told to those who wait for long work of others.
WAITING = "Others are being served first; yours is in the queue …"
# Seconds until a call that found no place is to come again.
RETRY_AFTER = 2
# Calls by the name in the path, and calls by the number in the body.
_BY_NAME = ("/call", "/call/v2")
_BY_NUMBER = ("/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/api/")
# The API name of the function that is called, and the address of the client, as far as they count.
_Call = tuple[str | None, str | None]


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


@dataclass
class Admission:
    """ASGI middleware before Gradio's queue: 503 for a call too many, 400 or 422 for no proper one.

    ``short`` are the slots for one text, ``long`` those for many. A call counts from when its body
    is complete: one that comes slowly takes nobody's turn, and of many at the same moment no more
    are taken than can be served.
    """

    app: ASGIApp
    page: gr.Blocks
    short: Slots
    long: Slots
    bounds: Bounds
    addresses: Addresses
    _entering: list[_Call] = field(default_factory=list, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if not _is_call(scope):
            await self.app(scope, receive, send)
            return
        # Refused unread, some clients would find their connection broken and not see the answer.
        parts = [await receive()]
        while parts[-1].get("more_body", False):
            parts.append(await receive())
        try:
            body = _json_object(b"".join(part.get("body", b"") for part in parts))
            call = self._name(scope, body), self.addresses.client(scope)
            refusal = self._too_large(body) or self._too_many(call)
        except (LookupError, ValueError, RecursionError):
            refusal = UNUSABLE_CALL
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        drop_unfetched(self.page, self.bounds.unfetched_answers)
        self._entering.append(call)
        try:
            await self.app(scope, _replay(parts, receive), send)
        finally:
            self._entering.remove(call)

    def _name(self, scope: Scope, body: dict[str, object]) -> str | None:
        """The API name of what is called."""
        if scope["path"].startswith(_BY_NUMBER):
            return function_name(self.page, body["fn_index"])
        name: str = scope["path"].rstrip("/").rpartition("/")[2]
        return name

    def _too_large(self, body: dict[str, object]) -> Refusal | None:
        """For what would take far more memory than it brought."""
        bounds = self.bounds
        if len(str(body.get("session_hash", ""))) > bounds.session_name_characters:
            sentence = f"A session's name has at most {bounds.session_name_characters} characters."
        elif _has_more_values(body, bounds.event_values):
            sentence = f"The arguments have more than {bounds.event_values:,} values."
        else:
            return None
        return Refusal(400, "unusable", sentence, body_read=True)

    def _too_many(self, call: _Call) -> Refusal | None:
        name, client = call
        waiting = [
            (other, self.addresses.client(asked.scope)) for other, asked in queued(self.page)
        ]
        under_way = waiting + self._entering
        full = (name in SHORT_CALLS and self.short.full) or (name in LONG_CALLS and self.long.full)
        if name in SHORT_CALLS:
            short = sum(other in SHORT_CALLS for other, _ in under_way)
            full = full or short >= self.bounds.short_calls
        if client is not None:
            theirs = sum(other == client for _, other in under_way)
            full = full or theirs >= self.bounds.events_per_client
        return Refusal(503, "busy", str(Busy()), RETRY_AFTER, body_read=True) if full else None


def _is_call(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"].rstrip("/")
    return path.rpartition("/")[0].endswith(_BY_NAME) or path.startswith(_BY_NUMBER)


def _json_object(content: bytes) -> dict[str, object]:
    """``ValueError`` or ``RecursionError`` for anything else."""
    body = json.loads(content)
    if not isinstance(body, dict):
        raise ValueError
    return body


def _has_more_values(value: object, most: int) -> bool:
    stack, seen = [value], 0
    while stack:
        top = stack.pop()
        children = top if isinstance(top, list) else top.values() if isinstance(top, dict) else ()
        seen += len(children)
        if seen > most:
            return True
        stack.extend(children)
    return False


def _replay(parts: list[Message], receive: Receive) -> Receive:
    """Gives these first, then what else comes."""
    given = iter(parts)

    async def replay() -> Message:
        part = next(given, None)
        return await receive() if part is None else part

    return replay
