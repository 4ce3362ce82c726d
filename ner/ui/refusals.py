"""Refusing a request at once, before anything of it is read, with the reason and when to return."""

from __future__ import annotations

import json
import math

from starlette.types import Scope, Send


async def refuse(
    scope: Scope,
    send: Send,
    status: int,
    reason: str,
    sentence: str,
    *,
    retry_after: float | None = None,
) -> None:
    """Answer ``status`` with ``sentence``; ``reason`` is one word for the metrics and the log.

    ``retry_after`` is in seconds.
    """
    scope.setdefault("state", {})["refused"] = reason
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if retry_after is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(retry_after))).encode()))
    if scope["method"] not in ("GET", "HEAD"):
        # Its body was not read, so the connection can't be used again.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
