"""Is the process alive, can it answer, what has it been doing: /healthz, /readyz, /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

# While the app goes down or prepares a model, in seconds; both take tens of them.
RETRY_AFTER = 30


@dataclass
class Readiness:
    """Whether the app can be asked, and why not.

    ``missing`` is a sentence, None once what it needs is there; ``ready_since`` is in seconds since
    the epoch.
    """

    missing: str | None = "The default model is being opened."
    draining: bool = False
    ready_since: float | None = None
    started: float = field(default_factory=time.time)

    def ready(self) -> None:
        """What was missing is there and checked."""
        self.missing, self.ready_since = None, time.time()

    @property
    def ended(self) -> str:
        """What a visitor is told whose long work ended before it was done."""
        if self.draining:
            return "Interrupted: the server is shutting down. Start it again in a minute."
        return "Stopped."

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready, as sentences; empty when it is."""
        draining = "It is shutting down." if self.draining else None
        return tuple(filter(None, (draining, self.missing)))


@dataclass(frozen=True)
class Probes:
    """ASGI middleware: answers the three probes. ``metrics`` gives what Prometheus reads."""

    app: ASGIApp
    readiness: Readiness
    metrics: Callable[[], bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answers = {"/healthz": self._alive, "/readyz": self._ready, "/metrics": self._counted}
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        answer = answers.get(scope["path"]) if is_read else None
        if answer is None:
            await self.app(scope, receive, send)
            return
        response = answer()
        response.headers["Cache-Control"] = "no-store"
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    def _alive(self) -> Response:
        """The process answers, which is all that is asked."""
        return PlainTextResponse("ok\n")

    def _ready(self) -> Response:
        """200 if new visitors can be sent here, else 503 with the reasons."""
        reasons = self.readiness.reasons
        response = JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)
        if reasons:
            response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    def _counted(self) -> Response:
        return Response(self.metrics(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
