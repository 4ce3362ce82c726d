"""From SIGTERM to the end: no new work, what runs is finished, then the process ends with 0."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.serving.probes import RETRY_AFTER, Readiness
from ner.serving.responses import Refusal

_LOG = logging.getLogger(__name__)
# Between looks whether work is left, in seconds; and for answers to reach their visitors.
_LOOK = 0.05
_LAST_ANSWERS = 0.5
_REFUSAL = Refusal(
    503,
    "draining",
    "The server is shutting down and takes no new work. Try again in a minute.",
    retry_after=RETRY_AFTER,
)


@dataclass(frozen=True)
class Draining:
    """ASGI middleware: while the server shuts down it takes no new work."""

    app: ASGIApp
    readiness: Readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        new = scope["type"] == "http" and scope["method"] == "POST"
        app = _REFUSAL if new and self.readiness.draining else self.app
        await app(scope, receive, send)


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


def drain(
    readiness: Readiness,
    seconds: float,
    busy: Callable[[], bool],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Take no new work, and wait until what runs is done or its time is over; whether it was done.

    ``busy`` tells whether anything runs.
    Long jobs see ``readiness.draining`` and tell their visitors that they were interrupted.
    """
    readiness.draining = True
    deadline = time.monotonic() + seconds
    _LOG.info("Shutting down: no new work; what runs has %d s.", seconds)
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
