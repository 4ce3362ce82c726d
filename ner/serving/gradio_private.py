"""All that touches Gradio beyond its public interface. Each part says what is lost without it.

A new version of Gradio may change any of it; `tests/serving/test_gradio_private.py` checks that
these are there in the version that is pinned:

- `request_id`, `client_disconnected`: ``gradio.context.LocalContext.request``,
  ``gradio.context.LocalContext.blocks``, ``gradio.context.LocalContext.event_id``,
  ``gradio.queueing.Event.alive``
- `Page`: ``gradio.blocks.Blocks.preprocess_data``, ``gradio.block_function.BlockFunction.inputs``
- `queued`, `function_name`, `drop_unfetched`: ``gradio.blocks.Blocks._queue``,
  ``gradio.blocks.Blocks.fns``, ``gradio.block_function.BlockFunction.api_name``,
  ``gradio.queueing.Event.fn``, ``gradio.queueing.Event.request``,
  ``gradio.queueing.Queue.event_ids_to_events``,
  ``gradio.queueing.Queue.pending_event_ids_session``,
  ``gradio.queueing.Queue.pending_messages_per_session``
- `Sessions`: ``gradio.routes.App.state_holder``, ``gradio.blocks.Blocks.default_config``,
  ``gradio.state_holder.StateHolder.set_blocks``, ``gradio.state_holder.StateHolder.session_data``,
  ``gradio.state_holder.SessionState._update_config``,
  ``gradio.state_holder.SessionState._update_value_in_config``
- `describe_page`: ``gradio.routes.templates``
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.context import LocalContext
from gradio.routes import templates
from gradio.state_holder import SessionState, StateHolder
from jinja2 import ChoiceLoader, DictLoader, Environment
from starlette.requests import Request

_LOG = logging.getLogger(__name__)
_DESCRIBED = "The page's footer leads to the description of the API."
# What Gradio's page says about itself in its head: title, picture and name are Gradio's own.
_ABOUT = re.compile(
    r"""<title>.*?</title>|<meta\s+(?:property="og:|name="(?:twitter:|desc))[^>]*>"""
)


def request_id() -> str | None:
    """The id that the log has for the request being handled; None outside of a request.

    Without it the id in the sentence of a failure is not the one in the log of requests.
    """
    request = LocalContext.request.get(None)
    state = getattr(getattr(request, "request", None), "state", None)
    return getattr(state, "request_id", None)


def client_disconnected() -> bool:
    """Whether the client of the request being handled has gone, so that nobody gets the answer.

    Without it the work of visitors who left is done, and holds up the others.
    """
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event is None:
        return False
    found = blocks._queue.event_ids_to_events.get(event)
    return found is None or not found.alive


class Page(gr.Blocks):
    """Blocks that refuse inputs in words of their own.

    Without it Gradio puts the refused values, which may be texts, into its answer and the log.
    """

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Take only as many arguments as the function has, and only values that fit its fields."""
        expected = len(block_fn.inputs)
        if len(inputs) != expected:
            raise _refused(f"Expected {expected} arguments, got {len(inputs)}. {_DESCRIBED}")
        try:
            values: list[Any] = await super().preprocess_data(
                block_fn, inputs, state, explicit_call
            )
        # The message may hold the visitor's words, so only the kind of error is logged.
        except Exception as error:  # noqa: BLE001
            _LOG.warning("An input was refused: %s", type(error).__name__)
            raise _refused(_expected(block_fn.inputs, inputs)) from None
        return values


def _refused(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)


def _expected(components: Sequence[object], values: Sequence[object]) -> str:
    """What was expected; without the values, which are the visitor's."""
    for component, value in zip(components, values, strict=True):
        if not isinstance(component, gr.Number) or not isinstance(value, int | float):
            continue
        low, high = component.minimum, component.maximum
        if low is not None and high is not None and not low <= value <= high:
            return f"{component.label}: expected a number from {low} to {high}."
    return f"One of the arguments has an invalid value. {_DESCRIBED}"


def queued(page: gr.Blocks) -> list[tuple[str | None, Request]]:
    """The API name and the request of each call that waits or runs.

    Without it nobody knows how many there are, so one visitor could fill the queue, and the server
    could not wait for what runs before it ends.
    """
    events = list(page._queue.event_ids_to_events.values())
    return [(event.fn.api_name or None, event.request) for event in events]


def function_name(page: gr.Blocks, number: object) -> str | None:
    """The API name of the page's function with this number; LookupError if there is none.

    Without it calls by number, as the page and Gradio's clients make them, pass uncounted.
    """
    if type(number) is not int:
        raise LookupError
    return page.fns[number].api_name or None


def drop_unfetched(page: gr.Blocks, most: int) -> None:
    """Forget the oldest answers that nobody fetched, beyond ``most``, and what remains of others.

    Without it Gradio keeps an answer until it is fetched, and for each session an empty set.
    """
    queue = page._queue
    owed = queue.pending_event_ids_session
    for session in [session for session, ids in owed.items() if not ids]:
        del owed[session]
    for session in list(owed)[: max(0, len(owed) - most)]:
        if not owed[session] & queue.event_ids_to_events.keys():
            del owed[session]
            queue.pending_messages_per_session.pop(session, None)


class Session(SessionState):
    """What Gradio remembers of one visitor, without copies of the components and their values."""

    def __init__(self, page: gr.Blocks) -> None:
        bare = SimpleNamespace(default_config=page.default_config, blocks=())
        super().__init__(cast(gr.Blocks, bare))

    def _update_config(self, key: int) -> None:
        """Nothing is kept for deep links."""

    def _update_value_in_config(self, key: int, value: Any) -> None:  # noqa: ANN401 - any value
        """Nothing is kept for deep links."""


class Sessions(StateHolder):
    """The sessions of one page.

    Without it Gradio copies the settings of all components into each session, and keeps each value
    shown, texts too, for its deep links. A call of the API is a session of its own: the copy was
    more than half of its time, and a third of a megabyte.
    """

    @classmethod
    def install(cls, page: gr.Blocks) -> None:
        """Let the launched ``page`` use these from now on."""
        sessions = cls()
        sessions.set_blocks(page)
        page.app.state_holder = sessions

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


def describe_page(about: str) -> None:
    """Put ``about``, markup of ours, in the place of what Gradio's page says about itself.

    Without it search engines and previews of links show Gradio's title and picture.
    """
    pages: Environment = templates.env
    assert pages.loader is not None  # noqa: S101 - Gradio's own folder
    name = "frontend/index.html"
    source = _ABOUT.sub("", pages.loader.get_source(pages, name)[0])
    ours = source.replace("</head>", f"{{% raw %}}{about}{{% endraw %}}</head>", 1)
    pages.loader = ChoiceLoader([DictLoader({name: ours}), pages.loader])
    if pages.cache is not None:
        pages.cache.clear()
