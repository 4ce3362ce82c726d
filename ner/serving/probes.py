"""Is the process alive, can it answer, what has it been doing: /healthz, /readyz, /metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

PROBES = ("/healthz", "/readyz", "/metrics")
# Seconds until one may ask again while the app shuts down or prepares a model.
RETRY_AFTER = 30
_NEVER_STORED = {"Cache-Control": "no-store"}


@dataclass
class Readiness:
    """Whether the app can be asked, and why not.

    ``missing`` is a sentence, None once the default model is there; ``ready_since`` is in seconds
    since the epoch.
    """

    missing: str | None = "The default model is being opened."
    draining: bool = False
    ready_since: float | None = None
    started: float = field(default_factory=time.time)

    def ready(self) -> None:
        """The default model is there and checked."""
        self.missing, self.ready_since = None, time.time()

    @property
    def ended(self) -> str:
        """The sentence for a visitor whose long work ended before it was done."""
        if self.draining:
            return "Interrupted: the server is shutting down. Start it again in a minute."
        return "Stopped."

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready, as sentences; empty when it is."""
        draining = "It is shutting down." if self.draining else None
        return tuple(filter(None, (draining, self.missing)))


def probe_routes(readiness: Readiness, registry: CollectorRegistry) -> list[Route]:
    """The routes of the three probes."""

    def alive(request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_NEVER_STORED)

    def ready(request: Request) -> Response:
        """200 if new visitors can be sent here, else 503 with the reasons."""
        reasons = readiness.reasons
        answer = {"ready": not reasons, "reasons": reasons}
        if not reasons:
            return JSONResponse(answer, headers=_NEVER_STORED)
        return JSONResponse(answer, 503, {**_NEVER_STORED, "Retry-After": str(RETRY_AFTER)})

    def counted(request: Request) -> Response:
        text = generate_latest(registry)
        return Response(text, headers=_NEVER_STORED, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [Route(path, probe) for path, probe in zip(PROBES, (alive, ready, counted), strict=True)]
