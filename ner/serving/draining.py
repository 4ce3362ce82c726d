"""From SIGTERM to the end: no new work, what runs is finished, then the process ends with 0."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from ner.serving.service import Service

_LOG = logging.getLogger(__name__)
# Between looks whether work is left, in seconds; and for answers to reach their visitors.
_LOOK = 0.05
_LAST_ANSWERS = 0.5


def until_told_to_end() -> threading.Event:
    """Set once SIGTERM or SIGINT comes; a second one ends the process at once.

    To be called in the main thread, as signals require.
    """
    told = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if told.is_set():
            os._exit(128 + number)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return told


def drain(
    service: Service, busy: Callable[[], bool], *, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Take no new work, and wait until what runs is done or its time is over; whether it was done.

    ``busy`` tells whether anything runs.
    Long jobs see ``service.readiness.draining`` and tell their visitors that they were interrupted.
    """
    service.readiness.draining = True
    deadline = time.monotonic() + service.settings.drain_seconds
    _LOG.info("Shutting down: no new work; what runs has %d s.", service.settings.drain_seconds)
    while busy() and time.monotonic() < deadline:
        sleep(_LOOK)
    done = not busy()
    sleep(_LAST_ANSWERS)
    _LOG.info("Shut down, %s.", "all work done" if done else "some work cut off")
    return done


def end_process() -> None:
    """End with 0 now: streams that are still open, and their threads, would keep it waiting."""
    logging.shutdown()
    os._exit(0)
