"""What a visitor hears while a handler works, and where it fails: sentences in a result's place."""

from __future__ import annotations

import functools
import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from ner.errors import NerError
from ner.markup import notice
from ner.models.child import OnStage, Stage
from ner.models.names import resolve
from ner.models.open import Sides
from ner.models.recipes import ORIGINAL, Variant
from ner.progress import Stopped
from ner.serving.admission import ClientDisconnected
from ner.serving.gradio_seam import client_disconnected, request_id
from ner.serving.service import Service

Loader = Callable[[Variant, Variant, str, OnStage], Sides]
"""Gives two variants on a device as sides; on a first use it reports the stages of preparing."""

Value = dict[str, str]
"""What a result component holds: ``html``, and ``data`` as JSON text (empty without a result)."""

# Of events that work on a model: what they yield shows how far they are. Without a limit of
# Gradio's, since `Slots` bound the work: a model that is prepared for minutes holds nobody up.
ON_MODEL: dict[str, Any] = {
    "show_progress": "hidden",
    "trigger_mode": "once",
    "concurrency_limit": None,
    "api_visibility": "private",
}

_LOG = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Update = TypeVar("_Update")
_Result = TypeVar("_Result")


def result_component(value: Value, elem_id: str, mount: str) -> gr.HTML:
    """Where a result is shown; the script's ``mount`` gets the element and what is shown there."""
    return gr.HTML(
        value,
        html_template='<div class="ner"></div>',
        js_on_load=f"{mount}(element, props, watch);",
        apply_default_css=False,
        elem_id=elem_id,
    )


def message(text: str, *, kind: str = "hint") -> Value:
    """A sentence in the place of a result; ``kind`` as in :func:`ner.markup.notice`."""
    return {"html": notice(text, kind=kind), "data": ""}


def problem(text: str) -> Value:
    """The sentence of a failure, where the result would be."""
    return message(text, kind="problem")


def progress(text: str) -> Value:
    """How far the work is, where the result will be."""
    return message(text, kind="progress")


def open_sides_with_progress(
    load: Loader, left: str, right: str, device: str, show: Callable[[str], _Update]
) -> Generator[_Update, None, Sides]:
    """The sides written ``left`` and ``right``; yields ``show`` of a sentence for each stage.

    Raises ``ModelRefused`` for what a visitor may not name.

    A visitor who leaves ends the reports and not the making, for which others may wait too.
    """
    pair = offered_sides(left, right)

    def load_and_report(report: Callable[[_Update], None]) -> Sides:
        return load(*pair, device, lambda stage: report(show(stage_sentence(stage))))

    return (yield from run_in_background(load_and_report))


def offered_sides(left: str, right: str) -> tuple[Variant, Variant]:
    """The variants that a visitor names; ``ModelRefused`` for what may not be named."""
    return resolve(left, default=f"bundled#{ORIGINAL}", visitor=True), resolve(right, visitor=True)


def stage_sentence(stage: Stage) -> str:
    """How far preparing is, for a visitor."""
    return (
        f"Preparing the model for its first use, step {stage.number} of {stage.stages}: "
        f"{stage.name} …"
    )


def run_in_background(
    work: Callable[[Callable[[_Update], None]], _Result],
) -> Generator[_Update, None, _Result]:
    """Yields what ``work`` reports by the function that it is given, and returns its result.

    What ``work`` raises is raised here. Closing the generator returns at once and leaves the work
    to itself: Gradio closes it in the thread that serves everyone.
    """
    reports: SimpleQueue[_Update | None] = SimpleQueue()
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work(reports.put))
        # Nothing is swallowed: it is raised to the one who waits for the result.
        except BaseException as error:  # noqa: BLE001
            outcome.set_exception(error)
        finally:
            reports.put(None)

    # In a copy of the context, so that the work knows the request that it is for.
    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
    yield from iter(reports.get, None)
    return outcome.result()


@dataclass(frozen=True)
class LongRun:
    """Work in one of the service's long places, which ends with its step once it is ``stopping``.

    So it ends too when the server drains, and when the visitor leaves.
    """

    service: Service
    stopping: threading.Event = field(default_factory=threading.Event)

    def stopped(self) -> bool:
        """Whether the work is to end."""
        return self.stopping.is_set() or self.service.readiness.draining

    def place(self) -> AbstractContextManager[None]:
        """The place, to be held in the thread that works: it is free when that has ended."""
        return self.service.long.slot(disconnected=lambda: self.stopped() or client_disconnected())

    def follow(
        self, results: Iterator[_Result], ended: Callable[[str], _Result]
    ) -> Iterator[_Result]:
        """``results``, and ``ended`` of a sentence where the work was ended early."""
        try:
            yield from results
        except (Stopped, ClientDisconnected):
            yield ended(self.service.readiness.ended)
        finally:
            # A visitor who leaves closes this; the work is to end with its step.
            self.stopping.set()


def describe_failure(error: Exception) -> str:
    """The sentence for ``error``; what is not ours is logged, and only the request's id told."""
    if isinstance(error, NerError):
        return str(error)
    number = request_id() or secrets.token_hex(8)
    _LOG.error("failure %s", number, exc_info=error)
    return f"Something failed here that should not have. It is in the log under {number}."


def catch_failures(
    results: Iterator[_Result], problem: Callable[[str], _Result]
) -> Iterator[_Result]:
    """``results``; if making them fails, ``problem`` of the sentence for it is the last one."""
    try:
        yield from results
    # The last line of defence: a visitor gets a sentence, the log gets the rest.
    except Exception as error:  # noqa: BLE001
        yield problem(describe_failure(error))


def as_gradio_errors(
    handler: Callable[_Arguments, _Result],
) -> Callable[_Arguments, _Result]:
    """``handler``, raising only errors that Gradio passes on to the client."""

    @functools.wraps(handler)
    def raise_gradio_error(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return handler(*args, **kwargs)
        # Nothing of a foreign exception may reach the client, so none may pass by here.
        except Exception as error:  # noqa: BLE001
            raise gr.Error(describe_failure(error), print_exception=False) from None

    return raise_gradio_error
