"""Refusing a request at once, with the reason and when to return."""

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
    read: bool = False,
) -> None:
    """Answer ``status`` with ``sentence``; ``reason`` is one word for the metrics and the log.

    ``retry_after`` is in seconds; ``read`` tells that the whole request has been read.
    """
    scope.setdefault("state", {})["refused"] = reason
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if retry_after is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(retry_after))).encode()))
    if not read and scope["method"] not in ("GET", "HEAD"):
        # What is left of it stands where the next one would begin.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
