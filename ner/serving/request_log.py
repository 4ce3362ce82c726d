"""One line of JSON for each request, and an id that visitors can quote."""

from __future__ import annotations

import json
import logging
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.addresses import visitor
from ner.serving.metrics import Metrics

LOG = logging.getLogger("ner.requests")
# As nginx has it: the client went before there was an answer.
_CLIENT_LEFT = 499
_STREAM = b"text/event-stream"
# Any word may stand in the place of the method; each would be counted apart, and kept.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


@dataclass
class _Answer:
    """What is known of an answer once it has begun."""

    status: int = _CLIENT_LEFT
    stream: bool = False


@dataclass(frozen=True)
class RequestLog:
    """ASGI middleware, the outermost: gives each request an id, counts and times it, logs it.

    The log has time, id, method, route, status, milliseconds and the reason of a refusal; the
    address only with ``addresses``. It never has a query, a body or anything else of a text. The id
    is in ``scope["state"]["request_id"]``, beside ``arrived`` in seconds of the monotonic clock,
    and goes out as X-Request-ID. Whatever fails beneath becomes a 500 that says nothing but the id.
    """

    app: ASGIApp
    metrics: Metrics = field(default_factory=Metrics)
    addresses: bool = False
    trust_proxy: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(8)
        begun = time.monotonic()
        scope.setdefault("state", {}).update(request_id=number, arrived=begun)
        answer = _Answer()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", number.encode())]
                answer.stream = dict(headers).get(b"content-type", b"").startswith(_STREAM)
                message = {**message, "headers": headers}
            await send(message)

        self.metrics.begin()
        try:
            await self.app(scope, receive, send_with_id)
        # The last line of defence, as for the page's handlers: the log gets the rest.
        except Exception:
            LOG.exception("failure %s", number)
            if answer.status != _CLIENT_LEFT:
                raise
            await _fail(send_with_id, number)
        finally:
            self._end(scope, answer, time.monotonic() - begun)

    def _end(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        state, route = scope["state"], _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        refused = state.get("refused")
        self.metrics.end(method, route, answer.status, refused)
        if not answer.stream:
            self.metrics.answered.add(seconds)
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": state["request_id"],
            "method": method,
            "route": route,
            "status": answer.status,
            "ms": round(seconds * 1000, 1),
        }
        if refused is not None:
            entry["refused"] = refused
        if self.addresses:
            entry["address"] = visitor(scope, trust_proxy=self.trust_proxy) or "this machine"
        LOG.info("%s", json.dumps(entry))


def _route(scope: Scope) -> str:
    """The route as the app declares it, which has nothing of the visitor's in it."""
    return getattr(scope.get("route"), "path", "") or "other"


async def _fail(send: Send, number: str) -> None:
    body = json.dumps({"detail": f"Something failed. It is in the log under {number}."}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
