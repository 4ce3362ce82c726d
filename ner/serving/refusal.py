"""Requests that are not served, and what their senders are told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send


@dataclass(eq=False)
class Refusal(Exception):
    """Why a request is not served: ``reason`` for the metrics and the log, ``sentence`` for people.

    ``retry_after`` is in seconds.
    """

    status: int
    reason: str
    sentence: str
    retry_after: float | None = None

    async def answer(self, scope: Scope, receive: Receive, send: Send, *, close: bool) -> None:
        """Tell the sender; ``close`` ends the connection, of which more was not read.

        The reason is left in ``scope["state"]["refused"]``.
        """
        scope.setdefault("state", {})["refused"] = self.reason
        response = JSONResponse({"detail": self.sentence}, self.status)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        if close:
            response.headers["Connection"] = "close"
        await response(scope, receive, send)
