"""Work in a thread of its own, heard of for as long as somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

_Report = TypeVar("_Report")
_Result = TypeVar("_Result")


def in_background(
    work: Callable[[Callable[[_Report], None]], _Result],
) -> Generator[_Report, None, _Result]:
    """Yields what ``work`` reports by the function that it is given, and returns its result.

    What ``work`` raises is raised here. Closing the generator returns at once and leaves the work
    to itself: Gradio closes it in the thread that serves everyone.
    """
    reports: SimpleQueue[_Report | None] = SimpleQueue()
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
    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    yield from iter(reports.get, None)
    return outcome.result()
