"""Which requests are refused, and how: calls, streams, uploads, and all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakes import awaited, service_of
from starlette.types import Message, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.admission import Slots
from ner.serving.bounds import Bounds
from ner.serving.guard import Guard
from ner.serving.rates import TokenBuckets
from ner.serving.service import Service
from serving.client import Client, Clock, guarded, page_of

BOUNDS = Bounds()
HERE = "203.0.113.7"
OTHER = "198.51.100.1"


class Full(Slots):
    """Slots where as many wait as are let in over the HTTP API."""

    full = True


def full(kind: str) -> Service:
    """A service whose slots of this kind are full."""
    service = service_of()
    setattr(service, kind, Full(getattr(BOUNDS, kind)))
    return service


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("call/tag", {}, "short"),
        ("call/v2/compare/", {}, "short"),
        ("call/evaluate", {}, "long"),
        # As Gradio's clients and the page call: the first is `tag`, the second the page's own.
        ("queue/join", {"fn_index": 0}, "short"),
        ("run/predict", {"fn_index": 0}, "short"),
        ("queue/join", {"fn_index": 1}, None),
    ],
)
@pytest.mark.parametrize("crowded", ["short slots", "short calls", "long slots"])
def test_calls_are_refused_while_there_is_no_place(
    crowded: str, path: str, body: dict[str, Any], kind: str | None
) -> None:
    """At once, with when to come again; many texts have slots of their own, so has the page."""
    which, what = crowded.split()
    calls = [("tag", OTHER)] * BOUNDS.short_calls if what == "calls" else []
    asked = guarded(*calls, service=None if calls else full(which))
    answer = asked.post(f"/gradio_api/{path}", json=body)

    assert (503 if kind == which else 200) == answer.status_code
    if kind == which:
        assert "2" == answer.headers["retry-after"]
        assert "Too many" in answer.json()["detail"]


@pytest.mark.parametrize(("address", "expected"), [(HERE, 503), (OTHER, 200), ("127.0.0.1", 200)])
def test_one_visitor_does_not_fill_the_queue(address: str, expected: int) -> None:
    """Others, and this machine itself, are still let in."""
    calls = [(None, HERE), (None, "127.0.0.1")] * BOUNDS.events_per_client
    asked = guarded(*calls, address=address)

    assert expected == asked.post("/gradio_api/queue/join", json={"fn_index": 1}).status_code


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"session_hash": "A" * 11, "data": ["x" * 5000, ["PER"] * 20]}, 200),
        ({"session_hash": "A" * 65}, 400),
        ({"data": ["x", [[]] * 2000]}, 400),
        ({"data": [{"a": {str(n): n for n in range(2000)}}]}, 400),
        ({"fn_index": 7}, 422),
        ({"fn_index": "0"}, 422),
        ({"fn_index": True}, 422),
    ],
)
def test_calls_that_are_too_large_or_of_nothing_are_refused(
    body: dict[str, Any], expected: int
) -> None:
    """A name without end, brackets without end, functions that are not there."""
    answer = guarded().post("/gradio_api/queue/join", json={"fn_index": 1, **body})

    assert expected == answer.status_code


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"7", b'"x"'])
def test_a_body_that_is_no_json_object_is_refused(content: bytes) -> None:
    """Whatever it is."""
    assert 422 == guarded().post("/gradio_api/call/tag", content=content).status_code


def statuses_into(found: list[int]) -> Send:
    """A ``send`` that keeps the status of each answer."""

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    return send


def request(method: str, path: str, address: str = HERE) -> Scope:
    """The scope of a request."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    return {**scope, "client": (address, 1)}


def test_of_calls_at_one_moment_no_more_are_taken_than_may_be_under_way() -> None:
    """Each is counted from the end of its body; one whose body does not end keeps nobody out."""
    statuses: list[int] = []
    send = statuses_into(statuses)

    async def crowd() -> None:
        bodies, work = asyncio.Event(), asyncio.Event()

        async def receive() -> Message:
            await bodies.wait()
            return {"type": "http.request", "body": b"{}"}

        async def endless() -> Message:
            await asyncio.sleep(3600)
            raise AssertionError

        async def works(scope: Scope, receive: Receive, send: Send) -> None:
            assert b"{}" == (await receive())["body"]
            await work.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        guard = Guard(works, page_of(), service_of())

        def call(receive: Receive) -> asyncio.Task[None]:
            scope = request("POST", "/gradio_api/call/tag", "127.0.0.1")
            return asyncio.create_task(guard(scope, receive, send))

        slow = [call(endless) for _ in range(100)]
        calls = [call(receive) for _ in range(BOUNDS.short_calls + 5)]
        await asyncio.sleep(0)
        bodies.set()
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        work.set()
        await asyncio.gather(*calls)
        for task in slow:
            task.cancel()

    awaited(crowd())

    assert [503] * 5 + [200] * BOUNDS.short_calls == statuses


def test_a_visitor_holds_so_many_streams_and_no_more() -> None:
    """One that ends makes room; other visitors and other requests are not held up."""
    statuses: list[int] = []
    send = statuses_into(statuses)

    async def receive() -> Message:
        raise AssertionError

    async def visits() -> None:
        leave = asyncio.Event()

        async def stays(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != "/":
                await leave.wait()
            await send({"type": "http.response.start", "status": 200})

        guard = Guard(stays, page_of(), service_of(streams_per_client=2))

        def get(path: str, address: str) -> Any:
            return guard(request("GET", path, address), receive, send)

        heart = "/gradio_api/heartbeat/x"
        stay = [
            asyncio.create_task(get(heart, address))
            for address in ("1.1.1.1", "1.1.1.1", "2.2.2.2")
        ]
        await asyncio.sleep(0)
        await get("/gradio_api/queue/data", "1.1.1.1")
        await get("/", "1.1.1.1")
        leave.set()
        await asyncio.gather(*stay)
        await get(heart, "1.1.1.1")

    awaited(visits())

    assert [429, 200, 200, 200, 200, 200] == statuses


def limited(address: str, *, trust_proxy: bool = False) -> Client:
    """A client that may ask twice at once, and then each ten seconds."""
    service = Service(BOUNDS, Addresses(trust_proxy))
    service.rates = TokenBuckets(0.1, 2.0, clients=10_000, clock=Clock())
    return guarded(service=service, address=address)


def test_too_often_is_429_with_retry_after() -> None:
    """The sentence and the header say when to come again; files and probes stay free."""
    asked = limited(HERE)
    answers = [asked.post("/x") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "10" == answers[-1].headers["retry-after"]
    assert "10 s" in answers[-1].json()["detail"]
    for free in ("/assets/x.js", "/gradio_api/call/tag/1", "/healthz", "/readyz", "/metrics"):
        assert {200} == {asked.get(free).status_code for _ in range(20)}
    assert 429 == [asked.get("/") for _ in range(9)][-1].status_code


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (limited("127.0.0.1"), {200}),
        (limited("127.0.0.1", trust_proxy=True), {200, 429}),
        (guarded(service=service_of(requests_per_minute=0, request_burst=1)), {200}),
    ],
    ids=["this machine", "through a proxy anyone has loopback", "a rate of 0 a minute"],
)
def test_some_may_ask_as_often_as_they_like(asked: Client, expected: set[int]) -> None:
    """A script of the owner's, on this machine and with no proxy before it; all without a rate."""
    assert expected == {asked.post("/x").status_code for _ in range(5)}


def test_no_new_work_while_draining() -> None:
    """What begins work is refused; what reads its outcome goes through."""
    service = service_of()
    service.readiness.draining = True
    asked = guarded(service=service)

    refused = asked.post("/gradio_api/call/tag")

    assert 503 == refused.status_code
    assert "30" == refused.headers["retry-after"]
    assert "shutting down" in refused.json()["detail"]
    assert 200 == asked.get("/gradio_api/call/tag/1").status_code


@pytest.mark.parametrize(
    ("received", "status", "expected"),
    [(90_000, 200, 90_000), (0, 200, 10_000), (90_000, 400, 10_000)],
    ids=["received", "broken off", "refused"],
)
def test_an_upload_counts_as_what_came_of_it(received: int, status: int, expected: int) -> None:
    """One that never came, or was refused, does not keep others out for hours."""
    service = service_of()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * received}

    async def send(message: Message) -> None:
        assert 90_000 == service.quota.used

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": status})

    scope = request("POST", "/gradio_api/upload")
    scope["headers"] = [(b"content-length", b"90000")]
    awaited(Guard(reads, page_of(), service)(scope, receive, send))

    assert expected == service.quota.used


async def _unmeasured() -> AsyncIterator[bytes]:
    yield b"x"


def test_uploads_over_the_quota_are_refused_unread() -> None:
    """429 with when to come again; without a length 411; other requests are not counted."""
    asked = guarded(service=service_of(upload_bytes=20_000))

    assert 200 == asked.post("/gradio_api/upload", content=b"x" * 15_000).status_code
    refused = asked.post("/gradio_api/upload", content=b"x" * 15_000)
    assert 429 == refused.status_code
    assert int(refused.headers["retry-after"]) > 60
    # As README and the page have it: an hour and fifty minutes are not one hour.
    assert "deleted within 2 hours" in refused.json()["detail"]
    assert "close" == refused.headers["connection"]
    assert 411 == asked.post("/gradio_api/upload", content=_unmeasured()).status_code
    assert 200 == asked.post("/other", content=b"x" * 15_000).status_code
