"""Refusing calls of the HTTP API while the models are taken, at once and never later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.responses import refuse
from ner.serving.slots import RETRY_AFTER, Busy, Places

# Calls of one text that may be under way. Gradio's own work for a call takes longer than a short
# text at the model, so that places alone would never be full; this many are done in less than a
# second.
MOST_EVENTS = 32


@dataclass
class Admission:
    """ASGI middleware: a call that would find no place gets 503 and when to come again.

    ``short`` are the places for one text, ``long`` those for many; ``calls`` tells how many calls
    of one text have been taken and not answered yet. A call counts from when its body is complete:
    one that comes slowly takes nobody's turn, and of many at the same moment no more are taken than
    can be served.
    """

    app: ASGIApp
    short: Places
    long: Places
    calls: Callable[[], int] = lambda: 0
    _entering: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        places = self._places(scope)
        if places is None:
            await self.app(scope, receive, send)
            return
        # Refused unread, some clients would find their connection broken and not see the answer.
        parts = await _whole(receive)
        if self._full(places):
            sentence = str(Busy())
            await refuse(scope, send, 503, "busy", sentence, retry_after=RETRY_AFTER, read=True)
            return
        self._entering += 1
        try:
            await self.app(scope, _again(parts, receive), send)
        finally:
            self._entering -= 1

    def _full(self, places: Places) -> bool:
        if places is self.long:
            return places.full
        return places.full or self.calls() + self._entering >= MOST_EVENTS

    def _places(self, scope: Scope) -> Places | None:
        """Those that an API call needs; None for all else."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        called, _, name = scope["path"].rstrip("/").rpartition("/")
        if not called.endswith(("/call", "/call/v2", "/api", "/run")):
            return None
        return self.long if name == "evaluate" else self.short


async def _whole(receive: Receive) -> list[Message]:
    """The parts of a body, up to its end or its sender's leaving; `Limits` bounds them."""
    parts = [await receive()]
    while parts[-1].get("more_body", False):
        parts.append(await receive())
    return parts


def _again(parts: list[Message], receive: Receive) -> Receive:
    """Gives these first, then what else comes."""
    given = iter(parts)

    async def again() -> Message:
        part = next(given, None)
        return await receive() if part is None else part

    return again
