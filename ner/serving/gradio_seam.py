"""What may enter Gradio's queue, and what may stay in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import gradio as gr
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue
from starlette.requests import Request

from ner.serving.addresses import visitor
from ner.serving.admission import MOST_EVENTS
from ner.serving.slots import Busy

# Calls of one text each that `Admission` counts; the page's events wait for their places.
SHORT = ("tag", "compare")
# Events of one visitor that may be under way. This machine itself is not bound.
MOST_OF_ONE = 32
# Answers that nobody has fetched yet, of all visitors together; more, and the oldest are dropped.
MOST_UNCOLLECTED = 128
_LONGEST_SESSION = 64
# Values in the arguments of an event, nested ones too: a list of as many brackets as fit a body
# would take twenty times the memory of that body.
_MOST_VALUES = 1_000

# Whether it was taken, its id or why not, and what kind of answer that is.
_Pushed = tuple[bool, Any, Any]


class Intake:
    """Stands before the queue of a launched page; ``trust_proxy`` as in `visitor`."""

    def __init__(self, page: gr.Blocks, *, trust_proxy: bool = False) -> None:
        self._queue: Queue = page._queue
        self._fns = page.fns
        self._trust_proxy = trust_proxy
        self._push: Callable[..., Awaitable[_Pushed]] = page._queue.push

    def install(self) -> None:
        """Take events in Gradio's place from now on."""
        cast(Any, self._queue).push = self.push

    @property
    def short_calls(self) -> int:
        """How many calls of one text have been taken and not answered."""
        events = list(self._queue.event_ids_to_events.values())
        return sum(event.fn.api_name in SHORT for event in events)

    async def push(
        self, body: PredictBodyInternal, request: Request, username: str | None
    ) -> _Pushed:
        """As Gradio's own: a 400 or 503 with a sentence for what is not taken."""
        unusable = _unusable(body)
        if unusable is not None:
            return False, unusable, "error"
        if self._is_too_much(body, request):
            return False, str(Busy()), "queue_full"
        self._drop_uncollected()
        return await self._push(body=body, request=request, username=username)

    def _is_too_much(self, body: PredictBodyInternal, request: Request) -> bool:
        fn = self._fns.get(body.fn_index) if body.fn_index is not None else None
        if fn is not None and fn.api_name in SHORT and self.short_calls >= MOST_EVENTS:
            return True
        who = self._visitor(request)
        if who is None:
            return False
        events = list(self._queue.event_ids_to_events.values())
        return sum(self._visitor(event.request) == who for event in events) >= MOST_OF_ONE

    def _visitor(self, request: Request) -> str | None:
        return visitor(request.scope, trust_proxy=self._trust_proxy)

    def _drop_uncollected(self) -> None:
        """Gradio keeps an answer until it is fetched, however long that takes."""
        owed = self._queue.pending_event_ids_session
        sessions = [session for session, ids in owed.items() if ids]
        for session in sessions[: max(0, len(sessions) - MOST_UNCOLLECTED)]:
            if not owed[session] & self._queue.event_ids_to_events.keys():
                del owed[session]
                self._queue.pending_messages_per_session.pop(session, None)


def _unusable(body: PredictBodyInternal) -> str | None:
    """Why an event can't be taken, whoever asks."""
    if len(body.session_hash or "") > _LONGEST_SESSION:
        return f"A session's name has at most {_LONGEST_SESSION} characters."
    if _has_more_values(body.data, _MOST_VALUES):
        return f"The arguments have more than {_MOST_VALUES:,} values."
    return None


def _has_more_values(value: object, most: int) -> bool:
    waiting, seen = [value], 0
    while waiting:
        one = waiting.pop()
        children = one if isinstance(one, list) else one.values() if isinstance(one, dict) else ()
        seen += len(children)
        if seen > most:
            return True
        waiting.extend(children)
    return False
