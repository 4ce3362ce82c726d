"""Is the process alive, can it answer, and what has it been doing: /healthz, /readyz, /metrics."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.serving.responses import refuse

# While the app goes down or prepares a model; both take tens of seconds.
_RETRY_AFTER = 30


@dataclass
class Readiness:
    """Whether the default model can be asked, and why not.

    ``missing`` is a sentence, None once the model is open and its self-check passed;
    ``ready_since`` is in seconds since the epoch.
    """

    missing: str | None = "The default model is being opened."
    draining: bool = False
    ready_since: float | None = None
    started: float = field(default_factory=time.time)

    def ready(self) -> None:
        """The default model is open and checked."""
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
class Health:
    """ASGI middleware: answers the three probes, and takes no new work while shutting down."""

    app: ASGIApp
    readiness: Readiness
    metrics: Callable[[], list[str]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] in _PROBES and scope["method"] in ("GET", "HEAD"):
            status, kind, text = _PROBES[scope["path"]](self)
            await _answer(scope, send, status, kind, text)
        elif self.readiness.draining and scope["method"] == "POST":
            sentence = "The server is shutting down and takes no new work. Try again in a minute."
            await refuse(scope, send, 503, "draining", sentence, retry_after=_RETRY_AFTER)
        else:
            await self.app(scope, receive, send)

    def alive(self) -> tuple[int, bytes, str]:
        """The process answers, which is all that is asked."""
        return 200, b"text/plain; charset=utf-8", "ok\n"

    def ready(self) -> tuple[int, bytes, str]:
        """200 if new visitors can be sent here, else 503 with the reasons."""
        reasons = self.readiness.reasons
        body = json.dumps({"ready": not reasons, "reasons": reasons})
        return 503 if reasons else 200, b"application/json", body

    def counted(self) -> tuple[int, bytes, str]:
        """The metrics."""
        text = "\n".join([*self.metrics(), ""])
        return 200, b"text/plain; version=0.0.4; charset=utf-8", text


_PROBES: dict[str, Callable[[Health], tuple[int, bytes, str]]] = {
    "/healthz": Health.alive,
    "/readyz": Health.ready,
    "/metrics": Health.counted,
}


async def _answer(scope: Scope, send: Send, status: int, kind: bytes, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    headers.append((b"cache-control", b"no-store"))
    if status == 503:
        headers.append((b"retry-after", b"%d" % _RETRY_AFTER))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})
