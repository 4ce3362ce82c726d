"""The guard before Gradio's app: what is refused, in which order, and in which bounds the rest is.

What can be refused unread comes first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving import admission, probes
from ner.serving.admission import Busy
from ner.serving.body_limit import Body, stated_length
from ner.serving.gradio_private import drop_unfetched, function_name, queued
from ner.serving.refusal import Refusal
from ner.serving.routes import LONG_CALLS, SHORT_CALLS, cost_of, is_closed, kind_of
from ner.serving.service import Service

_STREAM_RETRY_AFTER = 10
# Raised by Gradio for requests that it can't make sense of.
_REQUEST_ERRORS = (LookupError, TypeError, ValueError, AttributeError)
_UNUSABLE_CALL = "The request names no function of this page, or has invalid values for it."
_UNUSABLE_UPLOAD = "The upload is no form (multipart/form-data) with files as a browser sends it."


@dataclass
class Guard:
    """ASGI middleware: refuses a request of ``page``, or passes it on within the bounds.

    This machine itself has no limits of its own, unless a proxy stands before the app.
    """

    app: ASGIApp
    page: gr.Blocks
    service: Service
    # Whose streams are open; and which calls, by API name, are under way for whom.
    _streams: list[str | None] = field(default_factory=list, init=False)
    _calls: list[tuple[str | None, str | None]] = field(default_factory=list, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind, client = kind_of(scope), self.service.addresses.client(scope)
        bounds = self.service.bounds
        limit = bounds.upload_body_bytes if kind == "upload" else bounds.body_bytes
        body = Body(receive, limit, bounds)
        try:
            headers = MutableHeaders(scope=scope)
            length = stated_length(headers, limit)
            # Of several ranges of a file the whole is given, as RFC 9110 allows (section 14.2).
            if "," in headers.get("range", ""):
                del headers["range"]
            self._check_route(scope)
            self._check_rate(scope, client)
            match kind:
                case "stream":
                    await self._stream(client, scope, body, send)
                case "upload":
                    await self._upload(length, scope, body, send)
                case "call":
                    await self._call(client, scope, body, send)
                case _:
                    await self.app(scope, body, send)
        except Refusal as refusal:
            # What is left of a body stands where the next request would begin.
            close = not body.complete and scope["method"] not in ("GET", "HEAD")
            await refusal.answer(scope, receive, send, close=close)

    def _check_route(self, scope: Scope) -> None:
        """Refuse what is closed, always or while the server shuts down."""
        if is_closed(scope):
            raise Refusal(404, "closed", "Not found.")
        if scope["method"] == "POST" and self.service.readiness.draining:
            sentence = "The server is shutting down and takes no new work. Try again in a minute."
            raise Refusal(503, "draining", sentence, probes.RETRY_AFTER)

    def _check_rate(self, scope: Scope, client: str | None) -> None:
        tokens = cost_of(scope) if self.service.bounds.requests_per_minute else 0.0
        if tokens and client is not None:
            self.service.rates.check(client, tokens)

    async def _stream(self, client: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Each is a connection and a task, so one client has so many."""
        most = self.service.bounds.streams_per_client
        if client is not None and self._streams.count(client) >= most:
            sentence = f"There are {most} open streams of yours already. Close some pages."
            raise Refusal(429, "streams", sentence, _STREAM_RETRY_AFTER)
        self._streams.append(client)
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            # A stream that is not there ends with a sentence; that is no failure of the server.
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._streams.remove(client)

    async def _upload(self, size: int | None, scope: Scope, body: Body, send: Send) -> None:
        """The size that it states counts at first, and in the end what came of it."""
        if size is None:
            raise Refusal(411, "upload", "An upload must state its length.")
        quota = self.service.quota
        if wait := quota.wait(size):
            sentence = f"Too much has been uploaded. Uploads {quota.room_again(wait)}"
            raise Refusal(429, "upload", sentence, wait)
        quota.arriving += size
        unusable, refused = Refusal(400, "unusable", _UNUSABLE_UPLOAD), False
        try:
            refused = await self._serve(unusable, scope, body, send) >= 400
        finally:
            quota.arriving -= size
            quota.add(0 if refused else body.received)

    async def _call(self, client: str | None, scope: Scope, body: Body, send: Send) -> None:
        """It counts from when its body is complete.

        One that comes slowly takes nobody's turn, and of many at the same moment no more are taken
        than can be served.
        """
        unusable = Refusal(422, "unusable", _UNUSABLE_CALL)
        # Refused unread, some clients would find their connection broken and not see the answer.
        content = await body.whole()
        try:
            asked = json.loads(content)
            if not isinstance(asked, dict):
                raise unusable
            self._check_size(asked)
            name = self._name(scope, asked)
        except (LookupError, ValueError, RecursionError):
            raise unusable from None
        self._check_crowd(name, client)
        drop_unfetched(self.page, self.service.bounds.unfetched_answers)
        self._calls.append((name, client))
        try:
            await self._serve(unusable, scope, body, send)
        finally:
            self._calls.remove((name, client))

    def _name(self, scope: Scope, asked: dict[str, object]) -> str | None:
        """The API name of the function that is called, if it has one."""
        path: str = scope["path"].rstrip("/")
        if "/call/" in path:
            return path.rpartition("/")[2]
        return function_name(self.page, asked["fn_index"])

    def _check_size(self, asked: dict[str, object]) -> None:
        """Refuse what would take far more memory than it brought."""
        bounds = self.service.bounds
        if len(str(asked.get("session_hash", ""))) > bounds.session_name_characters:
            sentence = f"A session's name has at most {bounds.session_name_characters} characters."
        elif _has_more_values(asked, bounds.event_values):
            sentence = f"The arguments have more than {bounds.event_values:,} values."
        else:
            return
        raise Refusal(400, "unusable", sentence)

    def _check_crowd(self, name: str | None, client: str | None) -> None:
        """Refuse a call for which there is no place, or whose client has too many."""
        service, bounds = self.service, self.service.bounds
        waiting = [
            (other, service.addresses.client(request.scope)) for other, request in queued(self.page)
        ]
        under_way = waiting + self._calls
        full = client is not None and bounds.events_per_client <= sum(
            theirs == client for _, theirs in under_way
        )
        if name in SHORT_CALLS:
            short = sum(other in SHORT_CALLS for other, _ in under_way)
            full = full or service.short.full or short >= bounds.short_calls
        elif name in LONG_CALLS:
            full = full or service.long.full
        if full:
            raise Refusal(503, "busy", str(Busy()), admission.RETRY_AFTER)

    async def _serve(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> int:
        """Pass a request on, and give the status of the answer.

        ``refusal`` is raised if Gradio fails before any answer: then the request is at fault.
        """
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                # What Gradio says to direct calls that it can't make sense of.
                if message["status"] == 500:
                    message = {**message, "status": refusal.status}
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except _REQUEST_ERRORS:
            if status:
                raise
            raise refusal from None
        return status


def _has_more_values(value: object, most: int) -> bool:
    stack, seen = [value], 0
    while stack:
        top = stack.pop()
        children = top if isinstance(top, list) else top.values() if isinstance(top, dict) else ()
        seen += len(children)
        if seen > most:
            return True
        stack.extend(children)
    return False
