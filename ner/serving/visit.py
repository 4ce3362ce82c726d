"""What Gradio knows of the request that a handler is working for."""

from __future__ import annotations

import gradio as gr
from gradio.context import LocalContext

from ner.serving.addresses import visitor


def asking(request: gr.Request, *, trust_proxy: bool) -> str | None:
    """Who asks, as `visitor` has it; None outside of a request."""
    scope = getattr(request.request, "scope", None)
    return None if scope is None else visitor(scope, trust_proxy=trust_proxy)


def request_id() -> str | None:
    """The id that the log has for it; None outside of a request."""
    request = LocalContext.request.get(None)
    state = getattr(getattr(request, "request", None), "state", None)
    number = getattr(state, "request_id", None)
    return number if isinstance(number, str) else None


def given_up() -> bool:
    """Whether the visitor has gone meanwhile, so that the answer would reach nobody."""
    blocks, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event is None:
        return False
    queued = blocks._queue.event_ids_to_events.get(event)
    return queued is None or not queued.alive
