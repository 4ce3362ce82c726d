"""How long a request's body may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.bounds import Bounds
from ner.serving.responses import Refusal
from ner.serving.uploads import is_upload


@dataclass(frozen=True)
class BodyLimit:
    """ASGI middleware: bounds the bodies of requests.

    A body that states a length over the limit is refused unread with 413. If it turns out longer,
    or comes too slowly, it is cut off as if its sender had gone.
    """

    app: ASGIApp
    bounds: Bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.bounds.upload_body_bytes if is_upload(scope) else self.bounds.body_bytes
        headers = Headers(scope=scope)
        stated = headers.get("content-length", "0")
        answer = self.app
        if "content-length" in headers and "transfer-encoding" in headers:
            # The server goes by the second; limits by the first would allow too much.
            answer = Refusal(400, "body", "The request states its length in two ways.")
        elif not (stated.isascii() and stated.isdigit()) or int(stated) > limit:
            answer = Refusal(413, "body", f"The request is larger than {limit:,} bytes.")
        await answer(scope, self._bounded(receive, limit), send)

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        """``receive`` of one request, which tells of the end of the connection past a bound."""
        begun = time.monotonic()
        received = 0
        complete = False

        async def bounded() -> Message:
            nonlocal received, complete
            if complete:
                # Only the client's leaving is still to come, and that may take for ever.
                return await receive()
            allowed = self.bounds.body_seconds + received / self.bounds.body_bytes_per_second
            try:
                async with asyncio.timeout(begun + allowed - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                return {"type": "http.disconnect"}
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            return message if received <= limit else {"type": "http.disconnect"}

        return bounded
