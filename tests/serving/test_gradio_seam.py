"""What touches Gradio's inside: the queue before all; and that all of it is there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fakes import awaited
from starlette.requests import Request

from ner.serving import gradio_seam
from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds
from ner.serving.gradio_seam import QueueLimit

BOUNDS = Bounds()
PACKAGE = Path(gradio_seam.__file__).parent.parent
# Documented by Gradio.
PUBLIC = ("gradio.events",)


class Queued:
    """Gradio's queue as far as `QueueLimit` knows it."""

    def __init__(self) -> None:
        self.event_ids_to_events: dict[str, Any] = {}
        self.pending_event_ids_session: dict[str, set[str]] = {}
        self.pending_messages_per_session: dict[str, object] = {}
        self.fns = {0: SimpleNamespace(api_name="tag"), 1: SimpleNamespace(api_name="answer")}

    def queue(self, **settings: Any) -> None:
        """A page's method; this one is page and queue at once."""

    @property
    def _queue(self) -> Queued:
        return self

    async def push(self, body: Any, request: Any, username: None) -> tuple[bool, str, str]:
        """Keeps it, as one whose answer nobody fetches."""
        number = str(len(self.event_ids_to_events))
        event = SimpleNamespace(fn=self.fns[body.fn_index], request=request)
        self.event_ids_to_events[number] = event
        session = body.session_hash or number
        self.pending_event_ids_session.setdefault(session, set()).add(number)
        self.pending_messages_per_session[session] = object()
        return True, number, "success"


def pushed(
    limit: QueueLimit, address: str = "127.0.0.1", fn: int = 1, **body: Any
) -> tuple[Any, ...]:
    """What the limit says to one event."""
    request = Request({"type": "http", "client": (address, 1), "headers": []})
    asked = SimpleNamespace(fn_index=fn, **{"session_hash": None, "data": [], **body})
    return awaited(limit.push(asked, request, None))  # type: ignore[arg-type]


def test_events_that_would_take_far_more_memory_than_they_brought_are_refused() -> None:
    """A name without end, and brackets without end."""
    limit = QueueLimit(cast(Any, Queued()), BOUNDS, Addresses())

    assert "error" == pushed(limit, session_hash="A" * 65)[2]
    assert "error" == pushed(limit, data=["x", [[]] * 2000])[2]
    assert "error" == pushed(limit, data=[{"a": {str(n): n for n in range(2000)}}])[2]
    assert "success" == pushed(limit, session_hash="A" * 11, data=["x" * 5000, ["PER"] * 20])[2]


def test_one_visitor_does_not_fill_the_queue() -> None:
    """Others, and this machine itself, are still let in."""
    limit = QueueLimit(cast(Any, Queued()), BOUNDS, Addresses())
    states = [pushed(limit, "1.1.1.1")[2] for _ in range(BOUNDS.events_per_client + 1)]

    assert ["success"] * BOUNDS.events_per_client + ["queue_full"] == states
    assert "success" == pushed(limit, "2.2.2.2")[2]
    assert {"success"} == {pushed(limit)[2] for _ in range(BOUNDS.events_per_client + 1)}


def test_calls_past_the_admission_are_counted_too() -> None:
    """Clients that join the queue as the page does; the page's own events are not among them."""
    limit = QueueLimit(cast(Any, Queued()), BOUNDS, Addresses())
    states = [pushed(limit, fn=0)[2] for _ in range(BOUNDS.short_calls + 1)]

    assert ["success"] * BOUNDS.short_calls + ["queue_full"] == states
    assert BOUNDS.short_calls == limit.short_calls
    assert "success" == pushed(limit, fn=1)[2]


def test_answers_that_nobody_fetches_are_dropped() -> None:
    """The oldest first, once there are too many; never those that are still worked for."""
    queue = Queued()
    limit = QueueLimit(cast(Any, queue), BOUNDS, Addresses())
    for number in range(BOUNDS.unfetched_answers + 10):
        pushed(limit, session_hash=f"session {number}")
    # All but the first have been worked for.
    queue.event_ids_to_events = {"0": queue.event_ids_to_events["0"]}
    pushed(limit, session_hash="last")

    left = [*queue.pending_event_ids_session]
    assert ["session 0", "session 10"] == left[:2]
    assert left == [*queue.pending_messages_per_session]


def _resolve(dotted: str) -> bool:
    """Whether a dotted name of Gradio's is there: an attribute, or one that instances are given."""
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError:
            continue
        *owners, last = parts[split:]
        for name in owners:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        if hasattr(found, last) or last in getattr(found, "model_fields", {}):
            return True
        given = rf"self\.{last}\b[^=\n]*="
        return isinstance(found, type) and re.search(given, inspect.getsource(found)) is not None
    return False


NAMES = re.findall(r"``(gradio\.[\w.]+)``", gradio_seam.__doc__ or "")


@pytest.mark.parametrize("dotted", NAMES)
def test_what_is_used_of_gradios_inside_is_there(dotted: str) -> None:
    """In the version that is pinned."""
    assert _resolve(dotted)


def test_what_is_not_there_would_be_noticed() -> None:
    """The check above is one."""
    assert len(NAMES) > 20
    assert not _resolve("gradio.queueing.Queue.nothing")
    assert not _resolve("gradio.nothing.Queue")


def test_gradios_inside_is_imported_here_alone() -> None:
    """And each name that is imported stands in the list."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module.startswith("gradio.") and node.module not in PUBLIC:
                assert file.name == "gradio_seam.py", f"{file.name} imports {node.module}"
                for alias in node.names:
                    dotted = f"{node.module}.{alias.name}"
                    assert any(name.startswith(dotted) for name in NAMES), dotted


def test_no_private_attribute_of_gradios_is_used_elsewhere() -> None:
    """The queue, its events and the sessions are touched in the seam only."""
    private = r"\._queue\b|event_ids_to_events|pending_event_ids|state_holder|get_upload_folder"
    users = {
        file.name
        for file in PACKAGE.rglob("*.py")
        if re.search(private, file.read_text(encoding="utf-8"))
    }

    assert {"gradio_seam.py"} == users
