"""Jobs: work that a visitor waits for, with progress, Stop, a slot, and every error told."""

from __future__ import annotations

import functools
import json
import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from ner.errors import NerError
from ner.markup import notice
from ner.models.child import OnStage
from ner.models.names import resolve_sides
from ner.models.open import Side, Sides
from ner.models.recipes import Variant
from ner.progress import Stopped
from ner.serving.admission import WAITING, ClientDisconnected
from ner.serving.bounds import Bounds
from ner.serving.gradio_private import client_disconnected, request_id
from ner.serving.service import Service

Loader = Callable[[Variant, Variant, str, OnStage], Sides]
"""Gives two variants on a device as sides; on first use it reports the stages of preparing."""

Value = dict[str, str]
"""What a result component holds: ``html``, and ``data`` as JSON text (empty without a result)."""

# For events that no other program calls, and that show their own progress.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# For events that run a job. `Slots` bound the work, so Gradio sets no limit of its own.
JOB: dict[str, Any] = {**QUIET, "trigger_mode": "multiple", "concurrency_limit": None}

_LOG = logging.getLogger(__name__)
# Seconds between looks whether a run that waits for a model was stopped.
_LOOK = 0.2
_Arguments = ParamSpec("_Arguments")
_Told = TypeVar("_Told")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Site:
    """What all jobs of one page share; ``running`` holds the newest run of each job and session.

    ``weigh`` gives the bytes that a process with one side holds; None where that is not told.
    """

    load: Loader
    service: Service
    weigh: Callable[[Side], int] | None = None
    running: dict[tuple[str | None, str], Run] = field(default_factory=dict, repr=False)


@dataclass
class Run:
    """One run of a job: what its work may ask for.

    ``replaced`` is set when the same visitor starts the job again: nobody waits for this run then.
    """

    site: Site
    replaced: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def bounds(self) -> Bounds:
        """What the server allows."""
        return self.site.service.bounds

    def stopped(self) -> bool:
        """Whether the work is to end with the step that it is at."""
        return self.stopping.is_set() or self.site.service.readiness.draining

    def open(self, left: str, right: str, device: str) -> Generator[str, None, Sides]:
        """The sides with these names; yields a sentence for each stage of preparing.

        Raises ``ModelRefused`` for what a visitor may not name. Preparing goes on when the visitor
        leaves or changes the model, because others may wait for it too.
        """
        return (yield from self.load(*resolve_sides(left, right, visitor=True), device))

    def load(self, left: Variant, right: Variant, device: str) -> Generator[str, None, Sides]:
        """The same of variants that are known."""

        def load(tell: Callable[[str], None]) -> Sides:
            return self.site.load(left, right, device, lambda it: tell(stage_sentence(it)))

        return (yield from self.background(load))

    def place(
        self, sentence: str = "", *, long: bool = True
    ) -> Generator[str, None, AbstractContextManager[None]]:
        """A slot to hold while working; yields ``sentence``, or that others are first."""
        slots = self.site.service.long if long else self.site.service.short
        if long and slots.taken:
            yield WAITING
        elif sentence:
            yield sentence
        return slots.slot(disconnected=lambda: self.stopped() or client_disconnected())

    def background(
        self, work: Callable[[Callable[[_Told], None]], _Result]
    ) -> Generator[_Told, None, _Result]:
        """Run ``work`` in a thread, yield what it reports, and return its result.

        Raises what ``work`` raises, and ``Stopped`` as soon as the run is stopped.
        """
        reports: SimpleQueue[Any] = SimpleQueue()
        outcome: Future[_Result] = Future()
        end = object()

        def run() -> None:
            try:
                outcome.set_result(work(reports.put))
            # Raised again where the result is waited for.
            except BaseException as error:  # noqa: BLE001
                outcome.set_exception(error)
            finally:
                reports.put(end)

        # In a copy of the context, so that the work knows the request it belongs to.
        threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
        while True:
            try:
                report = reports.get(timeout=_LOOK)
            except Empty:
                if self.stopped():
                    raise Stopped from None
                continue
            if report is end:
                return outcome.result()
            yield report


Handler = Callable[..., Iterator[Any]]


def job(show: Callable[[str, str], Any]) -> Callable[[Callable[..., Iterator[Any]]], Any]:
    """Make a generator function with a `Run` as first argument into a handler of Gradio's events.

    What it yields is shown; a plain text is shown as progress. ``show`` turns a sentence and its
    kind (``progress``, ``problem``, ``hint``) into what the event's outputs take. Call the result
    with a `Site` to get the handler. Starting a job again ends the visitor's earlier run of it.
    """

    def decorate(work: Callable[..., Iterator[Any]]) -> Callable[[Site], Handler]:
        def connect(site: Site) -> Handler:
            # Gradio passes the request because of the annotation.
            def handle(request: gr.Request, *values: Any) -> Iterator[Any]:  # noqa: ANN401
                key = request.session_hash, work.__name__
                run = Run(site)
                earlier = site.running.get(key)
                if earlier is not None:
                    earlier.replaced = True
                    earlier.stopping.set()
                site.running[key] = run
                try:
                    for told in _guarded(work(run, *values), site.service, show):
                        if run.replaced:
                            return
                        # Markup is a result, a plain text is a sentence.
                        yield show(told, "progress") if type(told) is str else told
                finally:
                    # A visitor who leaves closes this generator; the work ends with its step.
                    run.stopping.set()
                    if site.running.get(key) is run:
                        del site.running[key]

            return handle

        connect.__name__, connect.__doc__ = work.__name__, work.__doc__
        return connect

    return decorate


def stop(site: Site, name: str) -> Callable[[gr.Request], None]:
    """A handler that stops the visitor's run of the job called ``name``."""

    def handle(request: gr.Request) -> None:
        run = site.running.get((request.session_hash, name))
        if run is not None:
            run.stopping.set()

    return handle


def _guarded(
    told: Iterator[Any], service: Service, show: Callable[[str, str], Any]
) -> Iterator[Any]:
    try:
        yield from told
    except (Stopped, ClientDisconnected):
        yield show(service.readiness.ended, "hint")
    # The last line of defence: a visitor gets a sentence, the log gets the rest.
    except Exception as error:  # noqa: BLE001
        yield show(describe_failure(error), "problem")


def value(text: str, kind: str = "hint") -> Value:
    """A sentence in the place of a result; ``kind`` as in :func:`ner.markup.notice`."""
    return {"html": notice(text, kind), "data": ""}


def from_script(sent: str | None) -> Any:  # noqa: ANN401 - any JSON
    """What the page's script sent as JSON; None for nothing or what can't be read."""
    try:
        return json.loads(sent or "null")
    except (ValueError, RecursionError):
        return None


def stage_sentence(stage: str) -> str:
    """How far preparing is, for a visitor."""
    return f"Preparing the model for its first use, {stage} …"


def describe_failure(error: Exception) -> str:
    """The sentence for ``error``; what is not ours is logged, and only the request's id told."""
    if isinstance(error, NerError):
        return str(error)
    number = request_id() or secrets.token_hex(8)
    _LOG.error("failure %s", number, exc_info=error)
    return f"Something failed here that should not have. It is in the log under {number}."


def as_gradio_errors(handler: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """``handler``, raising only errors that Gradio passes on to the client."""

    @functools.wraps(handler)
    def raise_gradio_error(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return handler(*args, **kwargs)
        # Nothing of a foreign exception may reach the client.
        except Exception as error:  # noqa: BLE001
            raise gr.Error(describe_failure(error), print_exception=False) from None

    return raise_gradio_error
