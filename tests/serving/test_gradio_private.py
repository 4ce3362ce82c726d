"""What touches Gradio's inside, and that all of it is there."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from ner.serving import gradio_private
from ner.serving.gradio_private import drop_unfetched
from serving.client import page_of

PACKAGE = Path(gradio_private.__file__).parent.parent
# Documented by Gradio.
PUBLIC = ("gradio.events",)


def test_answers_that_nobody_fetches_are_dropped() -> None:
    """The oldest first, once there are too many; never those that are still worked for."""
    page = page_of(("tag", "1.1.1.1"))
    queue = page._queue
    for number in range(12):
        queue.pending_event_ids_session[f"session {number}"] = {str(number)}
        queue.pending_messages_per_session[f"session {number}"] = object()
    queue.pending_event_ids_session["all fetched"] = set()

    drop_unfetched(page, 10)

    left = [*queue.pending_event_ids_session]
    assert ["session 0", *(f"session {number}" for number in range(2, 12))] == left
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


NAMES = re.findall(r"``(gradio\.[\w.]+)``", gradio_private.__doc__ or "")


@pytest.mark.parametrize("dotted", NAMES)
def test_what_is_used_of_gradios_inside_is_there(dotted: str) -> None:
    """In the version that is pinned."""
    assert _resolve(dotted)


def test_what_is_not_there_would_be_noticed() -> None:
    """The check above can fail; and the list does not grow."""
    assert 15 < len(NAMES) <= 21
    assert not _resolve("gradio.queueing.Queue.nothing")
    assert not _resolve("gradio.nothing.Queue")


def test_gradios_inside_is_imported_here_alone() -> None:
    """And each name that is imported stands in the list."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module.startswith("gradio.") and node.module not in PUBLIC:
                assert file.name == "gradio_private.py", f"{file.name} imports {node.module}"
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

    assert {"gradio_private.py"} == users
