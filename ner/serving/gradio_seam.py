"""All that touches Gradio beyond its public interface, in one place.

A new version of Gradio may change any of it; `tests/serving/test_gradio_seam.py` checks that these
are there in the version that is pinned:

- ``gradio.block_function.BlockFunction.inputs``, ``gradio.block_function.BlockFunction.api_name``
- ``gradio.blocks.Blocks.validate_inputs``, ``gradio.blocks.Blocks.preprocess_data``,
  ``gradio.blocks.Blocks.default_config``, ``gradio.blocks.Blocks.fns``,
  ``gradio.blocks.Blocks._queue``
- ``gradio.context.LocalContext.blocks``, ``gradio.context.LocalContext.event_id``,
  ``gradio.context.LocalContext.request``
- ``gradio.data_classes.PredictBodyInternal.session_hash``,
  ``gradio.data_classes.PredictBodyInternal.fn_index``,
  ``gradio.data_classes.PredictBodyInternal.data``
- ``gradio.queueing.Event.alive``, ``gradio.queueing.Event.fn``, ``gradio.queueing.Event.request``
- ``gradio.queueing.Queue.push``, ``gradio.queueing.Queue.event_ids_to_events``,
  ``gradio.queueing.Queue.pending_event_ids_session``,
  ``gradio.queueing.Queue.pending_messages_per_session``
- ``gradio.route_utils.FnIndexInferError``
- ``gradio.routes.App.state_holder``, ``gradio.routes.templates``
- ``gradio.state_holder.SessionState.blocks_config``,
  ``gradio.state_holder.SessionState._update_config``,
  ``gradio.state_holder.SessionState._update_value_in_config``
- ``gradio.state_holder.StateHolder.set_blocks``, ``gradio.state_holder.StateHolder.session_data``,
  ``gradio.state_holder.StateHolder.time_last_used``, ``gradio.state_holder.StateHolder.capacity``
- ``gradio.utils.get_upload_folder``
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.context import LocalContext
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue
from gradio.route_utils import FnIndexInferError
from gradio.routes import templates
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import get_upload_folder
from jinja2 import ChoiceLoader, DictLoader, Environment
from starlette.middleware import Middleware
from starlette.requests import Request

from ner.serving.addresses import Addresses
from ner.serving.admission import Busy
from ner.serving.bounds import Bounds

_LOG = logging.getLogger(__name__)
# What Gradio raises for a request that it can't make sense of.
REQUEST_ERRORS: tuple[type[Exception], ...] = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    FnIndexInferError,
    gr.Error,
)
# Calls of one text each, which `Admission` counts; the page's events wait for their slots.
SHORT_CALLS = ("tag", "compare")
_DESCRIBED = "The page's footer leads to the description of the API."

# Whether it was taken, its id or why not, and what kind of answer that is.
_Pushed = tuple[bool, Any, Any]


# ---- The request that a handler is working for ----


def client_address(request: gr.Request, addresses: Addresses) -> str | None:
    """Who asks, as `Addresses.client` has it; None outside of a request."""
    scope = getattr(request.request, "scope", None)
    return None if scope is None else addresses.client(scope)


def request_id() -> str | None:
    """The id that the log has for it; None outside of a request."""
    request = LocalContext.request.get(None)
    state = getattr(getattr(request, "request", None), "state", None)
    number = getattr(state, "request_id", None)
    return number if isinstance(number, str) else None


def client_disconnected() -> bool:
    """Whether the client has gone meanwhile, so that the answer would reach nobody."""
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event is None:
        return False
    queued = blocks._queue.event_ids_to_events.get(event)
    return queued is None or not queued.alive


# ---- What the page's functions are given ----


class InputRefused(gr.Error):
    """What was sent is no input of a function; Gradio puts no trace of it into the log."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, print_exception=False)


class Page(gr.Blocks):
    """Blocks that refuse inputs in words of their own.

    Gradio's would hold what was sent, texts too, and put it into the log.
    """

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Take no other number of arguments than the function has."""
        expected = len(block_fn.inputs)
        if len(inputs) != expected:
            raise InputRefused(f"Expected {expected} arguments, got {len(inputs)}. {_DESCRIBED}")

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Take no value that its field refuses."""
        try:
            values: list[Any] = await super().preprocess_data(
                block_fn, inputs, state, explicit_call
            )
        except InputRefused:
            raise
        # Whatever it is, its words may be the visitor's: only its kind may be told.
        except Exception as error:  # noqa: BLE001
            _LOG.warning("An input was refused: %s", type(error).__name__)
            raise InputRefused(_refusal(block_fn.inputs, inputs)) from None
        return values


def _refusal(fields: Sequence[object], values: Sequence[object]) -> str:
    """What was expected; without the values, which are the visitor's."""
    for field, value in zip(fields, values, strict=True):
        if not isinstance(field, gr.Number) or not isinstance(value, int | float):
            continue
        low, high = field.minimum, field.maximum
        if low is not None and high is not None and not low <= value <= high:
            return f"{field.label}: expected a number from {low} to {high}."
    return f"One of the arguments is nothing that its field takes. {_DESCRIBED}"


# ---- What may enter Gradio's queue, and what may stay in it ----


class QueueLimit:
    """Gives ``page`` its queue, and stands before it once it is installed in the launched page."""

    def __init__(self, page: gr.Blocks, bounds: Bounds, addresses: Addresses) -> None:
        # Here, since Gradio makes a new queue of it.
        page.queue(api_open=False, max_size=bounds.events)
        self._queue: Queue = page._queue
        self._fns = page.fns
        self._bounds = bounds
        self._addresses = addresses
        self._push: Callable[..., Awaitable[_Pushed]] = page._queue.push

    def install(self) -> None:
        """Take events in Gradio's place from now on."""
        cast(Any, self._queue).push = self.push

    @property
    def short_calls(self) -> int:
        """How many calls of one text have been taken and not answered."""
        events = list(self._queue.event_ids_to_events.values())
        return sum(event.fn.api_name in SHORT_CALLS for event in events)

    async def push(
        self, body: PredictBodyInternal, request: Request, username: str | None
    ) -> _Pushed:
        """As Gradio's own: a 400 or 503 with a sentence for what is not taken."""
        unusable = self._unusable(body)
        if unusable is not None:
            return False, unusable, "error"
        if self._is_too_much(body, request):
            return False, str(Busy()), "queue_full"
        self._drop_unfetched()
        return await self._push(body=body, request=request, username=username)

    def _unusable(self, body: PredictBodyInternal) -> str | None:
        """Why an event can't be taken, whoever asks."""
        bounds = self._bounds
        if len(body.session_hash or "") > bounds.session_name_characters:
            return f"A session's name has at most {bounds.session_name_characters} characters."
        if _has_more_values(body.data, bounds.event_values):
            return f"The arguments have more than {bounds.event_values:,} values."
        return None

    def _is_too_much(self, body: PredictBodyInternal, request: Request) -> bool:
        fn = self._fns.get(body.fn_index) if body.fn_index is not None else None
        is_short = fn is not None and fn.api_name in SHORT_CALLS
        if is_short and self.short_calls >= self._bounds.short_calls:
            return True
        client = self._addresses.client(request.scope)
        if client is None:
            return False
        events = list(self._queue.event_ids_to_events.values())
        theirs = sum(self._addresses.client(event.request.scope) == client for event in events)
        return theirs >= self._bounds.events_per_client

    def _drop_unfetched(self) -> None:
        """Gradio keeps an answer until it is fetched, however long that takes."""
        owed = self._queue.pending_event_ids_session
        sessions = [session for session, ids in owed.items() if ids]
        for session in sessions[: max(0, len(sessions) - self._bounds.unfetched_answers)]:
            if not owed[session] & self._queue.event_ids_to_events.keys():
                del owed[session]
                self._queue.pending_messages_per_session.pop(session, None)


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


# ---- What Gradio remembers of each visitor ----


class Session(SessionState):
    """The page's components, copied only once one of them changes for this visitor; no values.

    For its deep links Gradio copies every component's settings, and each value shown, into each
    session; a call of the API is a session of its own. That was more than half of the time of such
    a call, and a fifth of a megabyte; and texts are not to be kept.
    """

    def __init__(self, page: gr.Blocks) -> None:
        bare = SimpleNamespace(default_config=page.default_config, blocks=())
        super().__init__(cast(gr.Blocks, bare))
        self._shared = self.blocks_config = page.default_config

    def __setitem__(self, key: int, value: Any) -> None:  # noqa: ANN401 - any value
        if self.blocks_config is self._shared:
            self.blocks_config = copy(self._shared)
        super().__setitem__(key, value)

    def _update_config(self, key: int) -> None:
        """Nothing is kept for deep links."""

    def _update_value_in_config(self, key: int, value: Any) -> None:  # noqa: ANN401 - any value
        """Nothing is kept for deep links."""


class Sessions(StateHolder):
    """The sessions of one page, the least recently used forgotten first, with all that is left."""

    @classmethod
    def install(cls, page: gr.Blocks) -> None:
        """Let the launched ``page`` use these from now on."""
        sessions = cls()
        sessions.set_blocks(page)
        page.app.state_holder = sessions

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
            if len(self.session_data) > self.capacity:
                self._forget(next(iter(self.session_data)))
        return super().__getitem__(session_id)

    def _forget(self, session_id: str) -> None:
        """Gradio's queue would remember for ever that it owes this session nothing any more."""
        self.session_data.pop(session_id, None)
        self.time_last_used.pop(session_id, None)
        owed = self.blocks._queue.pending_event_ids_session
        if not owed.get(session_id, True):
            del owed[session_id]


# ---- Launching ----

# What Gradio's page says of itself in its head: a title, a picture and a name that are its own.
_ABOUT = re.compile(
    r"""<title>.*?</title>|<meta\s+(?:property="og:|name="(?:twitter:|desc))[^>]*>"""
)


def describe_page(about: str) -> None:
    """Let pages have ``about``, markup of ours, in the place of what Gradio says of itself."""
    pages: Environment = templates.env
    assert pages.loader is not None  # noqa: S101 - Gradio's own folder
    name = "frontend/index.html"
    source = _ABOUT.sub("", pages.loader.get_source(pages, name)[0])
    ours = source.replace("</head>", f"{{% raw %}}{about}{{% endraw %}}</head>", 1)
    pages.loader = ChoiceLoader([DictLoader({name: ours}), pages.loader])
    if pages.cache is not None:
        pages.cache.clear()


def launch(
    page: gr.Blocks,
    bounds: Bounds,
    middleware: Sequence[Middleware],
    **settings: Any,  # noqa: ANN401 - Gradio's own
) -> str:
    """Launch ``page``, which has its queue, behind ``middleware`` in a thread; gives its URL."""
    # Gradio summarizes its last 10,000 events anew after each one, though nobody may read that.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    _, url, _ = page.launch(
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=bounds.upload_file_bytes,
        max_threads=bounds.threads,
        state_session_capacity=bounds.sessions,
        app_kwargs={"middleware": list(middleware)},
        **{"mcp_server": False, "prevent_thread_lock": True, **settings},
    )
    Sessions.install(page)
    return url


def events_under_way(page: gr.Blocks) -> int:
    """How many things that visitors asked for run or wait."""
    return len(page._queue.event_ids_to_events)


def upload_folder() -> Path:
    """Where Gradio puts uploads and results."""
    return Path(get_upload_folder())
