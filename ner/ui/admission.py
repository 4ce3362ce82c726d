"""Refusing calls of the HTTP API while the models are taken, before anything of them is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.ui.places import RETRY_AFTER, Busy, Places
from ner.ui.refusals import refuse

# Calls and other events that may be under way. Gradio's own work for a call takes longer than a
# short text at the model, so that places alone would never be full; this many are done in less than
# a second.
MOST_EVENTS = 16


@dataclass(frozen=True)
class Admission:
    """ASGI middleware: a call that would find no place gets 503 and when to come again.

    ``short`` are the places for one text, ``long`` those for many; ``events`` tells how many calls
    have been taken and not answered yet.
    """

    app: ASGIApp
    short: Places
    long: Places
    events: Callable[[], int] = lambda: 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        places = self._places(scope)
        if places is not None and (places.full or self.events() >= MOST_EVENTS):
            await refuse(scope, send, 503, "busy", str(Busy()), retry_after=RETRY_AFTER)
            return
        await self.app(scope, receive, send)

    def _places(self, scope: Scope) -> Places | None:
        """Those that an API call needs; None for all else."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        called, _, name = scope["path"].rstrip("/").rpartition("/")
        if not called.endswith(("/call", "/call/v2", "/api", "/run")):
            return None
        return self.long if name == "evaluate" else self.short
