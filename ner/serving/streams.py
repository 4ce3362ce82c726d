"""How many streams of events one visitor may hold open; each is a connection and a task."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from ner.serving.addresses import visitor
from ner.serving.responses import refuse

# An open page holds one, and another while something runs; an office may share one address.
MOST = 100
_RETRY_AFTER = 10
_PATHS = tuple(f"/gradio_api/{name}/" for name in ("heartbeat", "queue/data", "call"))


@dataclass(frozen=True)
class Streams:
    """ASGI middleware: a visitor with too many open streams gets 429 for one more.

    This machine itself is not limited, unless a proxy stands before the app.
    """

    app: ASGIApp
    trust_proxy: bool = False
    most: int = MOST
    _open: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        who = visitor(scope, trust_proxy=self.trust_proxy) if _is_stream(scope) else None
        if who is None:
            await self.app(scope, receive, send)
            return
        if self._open[who] >= self.most:
            sentence = f"There are {self.most} open streams of yours already. Close some pages."
            await refuse(scope, send, 429, "streams", sentence, retry_after=_RETRY_AFTER)
            return
        self._open[who] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]


def _is_stream(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return f"{scope['path']}/".startswith(_PATHS)
