"""From SIGTERM to the end: no new work, what runs is finished, then the process ends with 0."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from ner.serving.probes import Readiness

_LOG = logging.getLogger(__name__)
# Seconds between two looks whether work is left; and for answers to reach their visitors.
_LOOK = 0.05
_LAST_ANSWERS = 0.5


def stop_signal() -> threading.Event:
    """Set once SIGTERM or SIGINT comes; a second one ends the process at once.

    To be called in the main thread, as signals require.
    """
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def drain(readiness: Readiness, seconds: float, busy: Callable[[], bool]) -> bool:
    """Take no new work, and wait until what runs is done or its time is over; whether it was done.

    Long jobs see ``readiness.draining`` and tell their visitors that they were interrupted.
    """
    readiness.draining = True
    deadline = time.monotonic() + seconds
    _LOG.info("Shutting down: no new work; what runs has %d s.", seconds)
    while busy() and time.monotonic() < deadline:
        time.sleep(_LOOK)
    done = not busy()
    time.sleep(_LAST_ANSWERS)
    _LOG.info("Shut down, %s.", "all work done" if done else "some work cut off")
    return done


def end_process() -> None:
    """End with 0 now: streams that are still open, and their threads, would keep it waiting."""
    logging.shutdown()
    os._exit(0)
