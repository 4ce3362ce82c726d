"""One line of JSON for each request, and the headers of each answer, an id among them."""

from __future__ import annotations

import json
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.metrics import Metrics

LOG = logging.getLogger("ner.requests")
# As nginx has it: the client went before there was an answer.
_CLIENT_CLOSED_REQUEST = 499
_STREAM = "text/event-stream"
# From these Gradio takes the address of its own page.
_FORWARDED = ("x-forwarded-host", "x-forwarded-proto", "x-gradio-server")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Seconds until one may come again, for an answer 503 that does not say it.
_RETRY_AFTER = 5
# Any word may stand in the place of the method; each would be counted apart, and kept.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


@dataclass(frozen=True)
class RequestLog:
    """ASGI middleware, the outermost: gives each request an id, counts and times it, logs it.

    The log has time, id, method, route, status, milliseconds and the reason of a refusal; the
    address only with ``addresses.logged``. It never has a query, a body or anything else of a text.
    The id is in ``scope["state"]["request_id"]`` and goes out as X-Request-ID. Whatever fails
    inside becomes a 500 that tells nothing but the id. Each answer gets security headers, and a 503
    when to come again. Without a trusted proxy nobody may say where the page is reached.
    """

    app: ASGIApp
    metrics: Metrics
    addresses: Addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not self.addresses.trust_proxy:
            # In the scope itself: the log finds in it what is added later, such as the route.
            asked = MutableHeaders(scope=scope)
            for name in _FORWARDED:
                del asked[name]
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        begun = time.monotonic()
        status, stream = _CLIENT_CLOSED_REQUEST, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, stream
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                headers.update({**_HEADERS, "X-Request-ID": number})
                status = message["status"]
                if status == 503:
                    headers.setdefault("Retry-After", str(_RETRY_AFTER))
                stream = headers.get("content-type", "").startswith(_STREAM)
                message = {**message, "headers": headers.raw}
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, send_with_headers)
            # The last line of defence, as for the page's handlers: the log gets the rest.
            except Exception:
                LOG.exception("failure %s", number)
                if status != _CLIENT_CLOSED_REQUEST:
                    raise
                sentence = f"Something failed. It is in the log under {number}."
                await JSONResponse({"detail": sentence}, 500)(scope, receive, send_with_headers)
            finally:
                seconds = time.monotonic() - begun
                if not stream:
                    self.metrics.answered.observe(seconds)
                self._count_and_log(scope, status, seconds)

    def _count_and_log(self, scope: Scope, status: int, seconds: float) -> None:
        # The route as the app declares it, which has nothing of the visitor's in it.
        route = getattr(scope.get("route"), "path", "") or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.requests.labels(method, route, status).inc()
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        refused = scope["state"].get("refused")
        if refused is not None:
            self.metrics.refusals.labels(refused).inc()
            entry["refused"] = refused
        if self.addresses.logged:
            entry["address"] = self.addresses.client(scope) or "this machine"
        LOG.info("%s", json.dumps(entry))
