"""What stands before the page: rates, quotas, places, probes, the log. Each without Gradio."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fakes import awaited
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from ner.errors import InputError
from ner.serving import bodies
from ner.serving.addresses import visitor
from ner.serving.admission import MOST_EVENTS, Admission
from ner.serving.bodies import MAX_BODY, Limits
from ner.serving.bounds import Settings
from ner.serving.gradio_seam import MOST_OF_ONE, MOST_UNCOLLECTED, Intake
from ner.serving.metrics import Histogram, Metrics, series
from ner.serving.probes import Health, Readiness
from ner.serving.rates import Buckets, RateLimit
from ner.serving.request_log import LOG, RequestLog
from ner.serving.service import Service
from ner.serving.slots import Busy, Left, Places
from ner.serving.streams import Streams
from ner.serving.temporary_files import keep_clean, sweep
from ner.serving.uploads import Quota, Uploads

SECRET = "Ada Lovelace lived in London"


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


async def _broken(request: Request) -> PlainTextResponse:
    raise RuntimeError(SECRET)


@dataclass(frozen=True)
class Client:
    """Asks an app that runs in this process, from an address of its own."""

    app: Starlette
    address: str

    def request(self, method: str, path: str, **settings: Any) -> httpx.Response:
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(self.address, 50000)
        )

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **settings)

        return awaited(ask())

    get = partialmethod(request, "GET")
    head = partialmethod(request, "HEAD")
    post = partialmethod(request, "POST")


def client(*stack: Middleware, address: str = "203.0.113.7") -> Client:
    """An app of one route, any path, behind ``stack``; the client has an address of its own."""
    routes = [
        Route("/broken", _broken),
        Route("/{path:path}", _echo, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, middleware=list(stack))
    return Client(app, address)


# ---- Rates ----


def test_a_visitor_has_a_burst_and_then_a_rate() -> None:
    """Three at once, then one each half second, as the answer says."""
    clock = Clock()
    buckets = Buckets(2.0, 3.0, clock=clock)

    assert [0.0, 0.0, 0.0] == [buckets.take("a", 1.0) for _ in range(3)]
    assert 0.5 == buckets.take("a", 1.0)
    assert 0.0 == buckets.take("b", 1.0)

    clock.now += 0.5

    assert 0.0 == buckets.take("a", 1.0)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), max_size=60),
    st.floats(0.1, 10),
    st.integers(1, 10),
)
def test_nobody_gets_more_than_burst_and_rate(
    steps: list[tuple[float, str]], rate: float, burst: int
) -> None:
    """In any stretch of time a visitor gets at most the burst and what came back meanwhile."""
    clock = Clock()
    buckets = Buckets(rate, burst, clock=clock)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for pause, who in steps:
        clock.now += pause
        if not buckets.take(who, 1.0):
            taken[who].append(clock.now)

    for moments in taken.values():
        for first, begun in enumerate(moments):
            for last in range(first, len(moments)):
                most = burst + rate * (moments[last] - begun)
                assert last - first + 1 <= most + 1e-6


def test_the_table_of_visitors_is_bounded() -> None:
    """Whoever was not seen for longest is forgotten."""
    buckets = Buckets(1.0, 1.0, visitors=100, clock=Clock())
    for number in range(1000):
        buckets.take(str(number), 1.0)

    assert 100 == len(buckets)
    assert buckets.take("999", 1.0) > 0
    assert 0.0 == buckets.take("0", 1.0)


def test_too_often_is_429_with_retry_after() -> None:
    """The sentence and the header say when to come again; files of the page stay free."""
    asked = client(Middleware(RateLimit, Buckets(0.1, 2.0, clock=Clock())))

    answers = [asked.post("/x") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "10" == answers[-1].headers["retry-after"]
    assert "10 s" in answers[-1].json()["detail"]
    assert 200 == asked.get("/assets/x.js").status_code
    assert 200 == asked.get("/gradio_api/call/tag/1").status_code
    assert 429 == [asked.get("/") for _ in range(9)][-1].status_code


def test_this_machine_is_not_limited_unless_a_proxy_stands_before_it() -> None:
    """A script of the owner's may ask as often as it likes; through a proxy anyone has loopback."""

    def statuses(trust_proxy: bool) -> set[int]:
        stack = Middleware(RateLimit, Buckets(0.1, 2.0, clock=Clock()), trust_proxy)
        asked = client(stack, address="127.0.0.1")
        return {asked.post("/x").status_code for _ in range(5)}

    assert {200} == statuses(False)
    assert {200, 429} == statuses(True)


@pytest.mark.parametrize(
    ("address", "forwarded", "trust", "expected"),
    [
        ("203.0.113.7", [], False, "203.0.113.7"),
        ("127.0.0.1", [], False, None),
        ("::1", [], False, None),
        ("::ffff:203.0.113.7", [], False, "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", [], False, "2001:db8:1:2::/64"),
        ("203.0.113.7", ["198.51.100.1"], False, "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], True, "198.51.100.1"),
        ("127.0.0.1", ["127.0.0.1"], True, "127.0.0.1"),
        ("127.0.0.1", ["nonsense"], True, "unknown"),
    ],
)
def test_the_visitor_is_the_last_hop_of_a_trusted_proxy(
    address: str, forwarded: list[str], trust: bool, expected: str | None
) -> None:
    """What stands before the last address was sent by anybody; without a proxy all of it was."""
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    scope: Scope = {"type": "http", "client": (address, 1), "headers": headers}

    assert expected == visitor(scope, trust_proxy=trust)


# ---- Uploads ----


def test_an_upload_over_the_quota_waits_until_others_are_deleted() -> None:
    """Each visitor's and the total; both come free with time."""
    clock = Clock()
    quota = Quota(each=100_000, total=150_000, seconds=60, clock=clock)

    assert 0.0 == quota.take("a", 100_000)
    clock.now += 20
    assert 40.0 == quota.take("a", 10_000)
    assert 0.0 == quota.take("b", 50_000)
    assert quota.take("c", 50_000) > 0

    clock.now += 40

    assert 50_000 == quota.used
    assert 0.0 == quota.take("a", 100_000)


def test_an_upload_counts_as_what_came_of_it() -> None:
    """One that never came, or was refused, does not keep others out for hours."""
    quota = Quota(each=100_000, total=150_000)
    asked = client(Middleware(Uploads, quota))

    async def broken_off() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            """Nobody is there."""

        async def reads(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()

        headers = [(b"content-length", b"90000")]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload"}
        await Uploads(reads, quota)({**scope, "headers": headers}, receive, send)

    awaited(broken_off())
    assert 10_000 == quota.used
    asked.post("/gradio_api/upload", content=b"x" * 20_000)
    assert 30_000 == quota.used


@pytest.mark.parametrize("path", ["/gradio_api/run/upload", "/upload", "/gradio_api/call/upload"])
def test_only_uploads_may_be_as_long_as_uploads(path: str) -> None:
    """Whatever else ends like them."""
    refused = client(Middleware(Limits)).post(path, content=b"x" * (MAX_BODY + 1))

    assert 413 == refused.status_code


def test_a_length_stated_in_two_ways_is_refused() -> None:
    """The server takes the chunked one, which a quota by the other would not see."""
    headers = {"content-length": "1", "transfer-encoding": "chunked"}
    refused = client(Middleware(Limits)).post("/gradio_api/upload", content=b"x", headers=headers)

    assert 400 == refused.status_code
    assert "two ways" in refused.json()["detail"]


# ---- Streams ----


def test_a_visitor_holds_so_many_streams_and_no_more() -> None:
    """One that ends makes room; other visitors and other requests are not held up."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        statuses.append(message["status"])

    async def receive() -> Message:
        raise AssertionError

    async def visits() -> None:
        leave = asyncio.Event()

        async def stays(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != "/":
                await leave.wait()
            await send({"type": "http.response.start", "status": 200})

        asked = Streams(stays, most=2)

        def get(path: str, address: str) -> Any:
            scope = {"type": "http", "method": "GET", "path": path, "headers": []}
            return asked({**scope, "client": (address, 1)}, receive, send)

        heart = "/gradio_api/heartbeat/x"
        stay = [asyncio.create_task(get(heart, one)) for one in ("1.1.1.1", "1.1.1.1", "2.2.2.2")]
        await asyncio.sleep(0)
        with suppress(KeyError):  # the body, which has no status
            await get("/gradio_api/queue/data", "1.1.1.1")
        await get("/", "1.1.1.1")
        leave.set()
        await asyncio.gather(*stay)
        await get(heart, "1.1.1.1")

    awaited(visits())

    assert [429, 200, 200, 200, 200, 200] == statuses


# ---- What uploads leave behind ----


def test_what_broken_uploads_left_is_deleted_by_its_age(tmp_path: Path) -> None:
    """Files that Gradio has forgotten, and empty folders; nothing young, nothing in use."""
    (tmp_path / "in use").mkdir()
    (tmp_path / "in use" / "file").touch()
    for name in ("empty", "young"):
        (tmp_path / name).mkdir()
    for name in ("tmpleft", "tmpyoung", "other"):
        (tmp_path / name).touch()
    for name in ("in use", "empty", "tmpleft", "other"):
        os.utime(tmp_path / name, (1000, 1000))

    sweep(tmp_path, age=100)

    assert {"in use", "young", "tmpyoung", "other"} == {one.name for one in tmp_path.iterdir()}


def test_what_is_left_behind_is_looked_for_again_and_again(tmp_path: Path) -> None:
    """Until it is told to end."""
    (tmp_path / "tmpleft").touch()
    os.utime(tmp_path / "tmpleft", (1000, 1000))
    done = keep_clean(tmp_path, every=0.01, age=100)
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    done.set()

    assert not list(tmp_path.iterdir())


# ---- What enters the queue ----


class Queued:
    """Gradio's queue as far as `Intake` knows it."""

    def __init__(self) -> None:
        self.event_ids_to_events: dict[str, Any] = {}
        self.pending_event_ids_session: dict[str, set[str]] = {}
        self.pending_messages_per_session: dict[str, object] = {}
        self.fns = {0: SimpleNamespace(api_name="tag"), 1: SimpleNamespace(api_name="answer")}

    @property
    def _queue(self) -> Queued:
        return self

    async def push(self, body: Any, request: Any, username: None) -> tuple[bool, str, str]:
        """Keeps it, as one whose answer nobody fetches."""
        number = str(len(self.event_ids_to_events))
        event = SimpleNamespace(fn=self.fns[body.fn_index], request=request)
        self.event_ids_to_events[number] = event
        session = body.session_hash or number
        self.pending_event_ids_session.setdefault(session, set()).add(number)
        self.pending_messages_per_session[session] = object()
        return True, number, "success"


def pushed(intake: Intake, address: str = "127.0.0.1", fn: int = 1, **body: Any) -> tuple[Any, ...]:
    """What the intake says to one event."""
    request = Request({"type": "http", "client": (address, 1), "headers": []})
    asked = SimpleNamespace(fn_index=fn, **{"session_hash": None, "data": [], **body})
    return awaited(intake.push(asked, request, None))  # type: ignore[arg-type]


def test_events_that_would_take_far_more_memory_than_they_brought_are_refused() -> None:
    """A name without end, and brackets without end."""
    intake = Intake(cast(Any, Queued()))

    assert "error" == pushed(intake, session_hash="A" * 65)[2]
    assert "error" == pushed(intake, data=["x", [[]] * 2000])[2]
    assert "error" == pushed(intake, data=[{"a": {str(n): n for n in range(2000)}}])[2]
    assert "success" == pushed(intake, session_hash="A" * 11, data=["x" * 5000, ["PER"] * 20])[2]


def test_one_visitor_does_not_fill_the_queue() -> None:
    """Others, and this machine itself, are still let in."""
    intake = Intake(cast(Any, Queued()))
    states = [pushed(intake, "1.1.1.1")[2] for _ in range(MOST_OF_ONE + 1)]

    assert ["success"] * MOST_OF_ONE + ["queue_full"] == states
    assert "success" == pushed(intake, "2.2.2.2")[2]
    assert {"success"} == {pushed(intake)[2] for _ in range(MOST_OF_ONE + 1)}


def test_calls_past_the_admission_are_counted_too() -> None:
    """Clients that join the queue as the page does; the page's own events are not among them."""
    intake = Intake(cast(Any, Queued()))
    states = [pushed(intake, fn=0)[2] for _ in range(MOST_EVENTS + 1)]

    assert ["success"] * MOST_EVENTS + ["queue_full"] == states
    assert MOST_EVENTS == intake.short_calls
    assert "success" == pushed(intake, fn=1)[2]


def test_answers_that_nobody_fetches_are_dropped() -> None:
    """The oldest first, once there are too many; never those that are still worked for."""
    queue = Queued()
    intake = Intake(cast(Any, queue))
    for number in range(MOST_UNCOLLECTED + 10):
        pushed(intake, session_hash=f"session {number}")
    # All but the first have been worked for.
    queue.event_ids_to_events = {"0": queue.event_ids_to_events["0"]}
    pushed(intake, session_hash="last")

    left = [*queue.pending_event_ids_session]
    assert ["session 0", "session 10"] == left[:2]
    assert left == [*queue.pending_messages_per_session]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90_000), st.floats(0, 40))))
def test_uploads_within_the_time_never_exceed_the_total(
    uploads: list[tuple[str, int, float]],
) -> None:
    """Whatever is asked for."""
    clock = Clock()
    quota = Quota(each=100_000, total=150_000, seconds=60, clock=clock)
    for who, size, pause in uploads:
        clock.now += pause
        quota.take(who, size)

        assert quota.used <= 150_000


async def _unmeasured() -> AsyncIterator[bytes]:
    yield b"x"


def test_uploads_over_the_quota_are_refused_unread() -> None:
    """429 with when to come again; without a length 411; other requests are not counted."""
    asked = client(Middleware(Uploads, Quota(each=20_000, total=50_000, clock=Clock())))

    assert 200 == asked.post("/gradio_api/upload", content=b"x" * 15_000).status_code
    refused = asked.post("/gradio_api/upload", content=b"x" * 15_000)
    assert 429 == refused.status_code
    assert int(refused.headers["retry-after"]) > 60
    # As README and the page have it: an hour and fifty minutes are not one hour.
    assert "deleted within 2 hours" in refused.json()["detail"]
    assert 411 == asked.post("/gradio_api/upload", content=_unmeasured()).status_code
    assert 200 == asked.post("/other", content=b"x" * 15_000).status_code


# ---- Bodies ----


def test_a_body_over_the_limit_is_refused_with_all_headers() -> None:
    """413, named, and with the headers that every answer has."""
    refused = client(Middleware(Limits)).post("/x", content=b"x" * (MAX_BODY + 1))

    assert 413 == refused.status_code
    assert f"{MAX_BODY:,}" in refused.json()["detail"]
    assert "nosniff" == refused.headers["x-content-type-options"]


def test_a_body_that_comes_too_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app sees its sender gone; after a whole body it may wait for as long as it likes."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.01)
    seen: list[Message] = []

    async def app(scope: Scope, receive: Callable[[], Any], send: Any) -> None:
        seen.extend([await receive(), await receive()])

    async def ask(*parts: Message) -> None:
        coming = iter(parts)

        async def receive() -> Message:
            part = next(coming, None)
            if part is None:
                await asyncio.Event().wait()
            assert part is not None
            return part

        scope: Scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
        await Limits(app)(scope, receive, lambda _: asyncio.sleep(0))

    part = {"type": "http.request", "body": b"x", "more_body": True}
    awaited(ask(part))

    assert ["http.request", "http.disconnect"] == [message["type"] for message in seen]

    async def patient() -> None:
        await asyncio.wait_for(ask({**part, "more_body": False}), 0.2)

    with pytest.raises(TimeoutError):
        awaited(patient())


# ---- Places ----


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that are done by the end of the test."""
    with ThreadPoolExecutor(40) as threads:
        yield threads


class Watched(Places):
    """Places that tell when a thread begins to wait."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.queued = threading.Semaphore(0)
        ours = self.queued

        class Telling(type(self._waiting)):  # type: ignore[misc]
            def append(self, turn: threading.Event) -> None:
                super().append(turn)
                ours.release()

        self._waiting = Telling()


def test_at_most_so_many_work_at_once(pool: ThreadPoolExecutor) -> None:
    """Never more than allowed inside, everyone served, nobody left over."""
    places = Places(at_once=3, queue=100)
    inside: list[int] = []

    def work(number: int) -> int:
        with places.one():
            inside.append(places.working)
        return number

    assert list(range(200)) == list(pool.map(work, range(200)))
    assert max(inside) <= 3
    assert (0, 0) == (places.working, places.waiting)


def test_places_are_taken_in_order_and_the_surplus_is_refused(pool: ThreadPoolExecutor) -> None:
    """Who came first goes first; one too many hears so at once and disturbs nobody."""
    places = Watched(at_once=1, queue=3)
    order: list[int] = []

    def work(number: int) -> None:
        with places.one():
            order.append(number)

    with places.one():
        asked = []
        for number in range(3):
            asked.append(pool.submit(work, number))
            assert places.queued.acquire(timeout=10)
        with pytest.raises(Busy, match="try again in 2 seconds"):
            work(3)
    for one in asked:
        one.result(10)

    assert [0, 1, 2] == order
    assert 1 == places.refused


def test_nobody_waits_longer_than_patience() -> None:
    """The place is not lost by it."""
    places = Places(at_once=1, patience=0.01)
    with places.one(), pytest.raises(Busy), places.one():
        pass

    with places.one():
        assert (1, 0) == (places.working, places.waiting)


def test_work_of_one_who_left_while_waiting_is_not_done(pool: ThreadPoolExecutor) -> None:
    """The next in the queue gets the place."""
    places = Watched(at_once=1)
    done: list[str] = []

    def work(name: str, gone: bool) -> None:
        with places.one(gone=lambda: gone):
            done.append(name)

    with places.one():
        left = pool.submit(work, "left", True)
        assert places.queued.acquire(timeout=10)
        stayed = pool.submit(work, "stayed", False)
        assert places.queued.acquire(timeout=10)
    stayed.result(10)

    assert isinstance(left.exception(10), Left)
    assert ["stayed"] == done
    assert (0, 0) == (places.working, places.waiting)


def test_a_failure_at_work_gives_the_place_back() -> None:
    """And its time is counted."""
    took: list[float] = []
    places = Places(at_once=1, took=took.append)
    with pytest.raises(ZeroDivisionError), places.one():
        _ = 1 / 0

    assert 0 == places.working
    assert 1 == len(took)


# ---- Admission ----


class Full(Places):
    """Places where as many wait as are let in over the HTTP API."""

    full = True


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/gradio_api/call/tag", 503),
        ("/gradio_api/call/v2/compare/", 503),
        ("/gradio_api/api/tag", 503),
        ("/gradio_api/call/evaluate", 200),
        ("/gradio_api/queue/join", 200),
        ("/gradio_api/upload", 200),
    ],
)
def test_calls_are_refused_while_their_places_are_full(path: str, expected: int) -> None:
    """At once, with when to come again; many texts have places of their own, so has the page."""
    answer = client(Middleware(Admission, Full(), Places())).post(path)

    assert expected == answer.status_code
    if expected == 503:
        assert "2" == answer.headers["retry-after"]
        assert "Too many" in answer.json()["detail"]


def test_calls_are_refused_while_too_many_are_under_way() -> None:
    """Also where they don't wait for a place."""
    calls = iter([MOST_EVENTS - 1, MOST_EVENTS])
    asked = client(Middleware(Admission, Places(), Places(), lambda: next(calls)))

    assert [200, 503] == [asked.post("/gradio_api/call/tag").status_code for _ in range(2)]


def test_of_calls_at_one_moment_no_more_are_taken_than_may_be_under_way() -> None:
    """Each is counted from the end of its body; one whose body does not end keeps nobody out."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

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

        asked = Admission(works, Places(), Places())
        scope: Scope = {"type": "http", "method": "POST", "path": "/gradio_api/call/tag"}
        slow = [asyncio.create_task(asked({**scope}, endless, send)) for _ in range(100)]
        calls = [
            asyncio.create_task(asked({**scope}, receive, send)) for _ in range(MOST_EVENTS + 5)
        ]
        await asyncio.sleep(0)
        bodies.set()
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        work.set()
        await asyncio.gather(*calls)
        for one in slow:
            one.cancel()

    awaited(crowd())

    assert [503] * 5 + [200] * MOST_EVENTS == statuses


def test_single_texts_do_not_keep_long_work_out() -> None:
    """It has places of its own."""
    asked = client(Middleware(Admission, Places(), Places(), lambda: MOST_EVENTS))

    assert 503 == asked.post("/gradio_api/call/tag").status_code
    assert 200 == asked.post("/gradio_api/call/evaluate").status_code


def test_the_page_has_part_of_the_queue_to_itself(pool: ThreadPoolExecutor) -> None:
    """Over the HTTP API it is full earlier."""
    places = Watched(at_once=1, queue=2, reserve=1)

    def work() -> None:
        with places.one():
            pass

    with places.one():
        assert not places.full
        first = pool.submit(work)
        assert places.queued.acquire(timeout=10)
        assert places.full
        second = pool.submit(work)
        assert places.queued.acquire(timeout=10)
    first.result(10)
    second.result(10)


# ---- Probes ----


def probed(readiness: Readiness) -> Client:
    return client(Middleware(Health, readiness, lambda: ["ner_ready 1"]))


def test_readiness_tells_its_reasons() -> None:
    """503 while the model is opened and while draining, 200 between; alive all the time."""
    readiness = Readiness()
    asked = probed(readiness)

    first = asked.get("/readyz")
    assert 503 == first.status_code
    assert {"ready": False, "reasons": ["The default model is being opened."]} == first.json()
    assert "retry-after" in first.headers

    readiness.ready()
    assert {"ready": True, "reasons": []} == asked.get("/readyz").json()

    readiness.draining = True
    assert ["It is shutting down."] == asked.get("/readyz").json()["reasons"]
    assert 200 == asked.get("/healthz").status_code
    assert b"" == asked.head("/readyz").content


def test_no_new_work_while_draining() -> None:
    """What begins work is refused; what reads its outcome goes through."""
    readiness = Readiness(draining=True)
    asked = probed(readiness)

    refused = asked.post("/gradio_api/call/tag")

    assert 503 == refused.status_code
    assert "shutting down" in refused.json()["detail"]
    assert 200 == asked.get("/gradio_api/call/tag/1").status_code


def test_metrics_are_text_that_prometheus_reads() -> None:
    """Name, labels, value; quotes, backslashes and line ends in labels are escaped."""
    answer = probed(Readiness()).get("/metrics")

    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    assert "ner_ready 1\n" == answer.text
    assert ["# HELP n h", "# TYPE n gauge", 'n{a="\\"\\\\\\n"} 1'] == series(
        "n", "gauge", "h", [({"a": '"\\\n'}, 1)]
    )


@given(st.lists(st.floats(0, 20)))
def test_a_histogram_counts_what_is_below_each_bound(seconds: list[float]) -> None:
    """Every bound counts all durations up to it, the last one all there are."""
    histogram = Histogram()
    for one in seconds:
        histogram.add(one)

    for line in histogram.lines("x", "what"):
        if line.startswith("x_bucket"):
            bound, count = line.removeprefix('x_bucket{le="').split('"} ')
            assert sum(one <= float(bound) for one in seconds) == int(count)
    assert f"x_count {len(seconds)}" == histogram.lines("x", "what")[-1]


def test_all_metrics_of_the_app_are_there() -> None:
    """Requests, refusals, what is at work and waits, times, memory, whether a model is open."""
    service = Service()
    service.metrics.begin()
    service.metrics.end("POST", "/x", 429, "rate")
    text = "\n".join(service.measured())

    assert 'ner_requests_total{method="POST",route="/x",status="429"} 1' in text
    assert 'ner_refusals_total{reason="rate"} 1' in text
    assert "ner_requests_in_flight 0" in text
    assert 'ner_working{kind="text"} 0' in text
    assert 'ner_waiting{kind="long"} 0' in text
    assert "ner_request_seconds_bucket" in text
    assert "ner_ready 0" in text
    [memory] = [line for line in text.splitlines() if line.startswith("process_resident")]
    assert float(memory.split()[1]) > 1e6


# ---- The log ----


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one line that was logged."""
    [record] = [one for one in caplog.records if one.levelno == logging.INFO]
    entry: dict[str, Any] = json.loads(record.getMessage())
    return entry


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged for requests."""
    caplog.set_level(logging.INFO, logger=LOG.name)
    return caplog


def test_a_request_is_one_line_without_text_query_or_address(
    log: pytest.LogCaptureFixture,
) -> None:
    """Its id is the one that the client is given."""
    answer = client(Middleware(RequestLog)).post(f"/{SECRET}?text={SECRET}", content=SECRET)
    entry = logged(log)

    assert {"time", "id", "method", "route", "status", "ms"} == set(entry)
    assert ("POST", "/{path:path}", 200) == (entry["method"], entry["route"], entry["status"])
    assert answer.headers["x-request-id"] == entry["id"]
    assert "Ada" not in log.text
    assert "203.0.113" not in log.text


def test_the_address_is_logged_where_that_is_asked_for(log: pytest.LogCaptureFixture) -> None:
    """And only there."""
    client(Middleware(RequestLog, addresses=True)).get("/")

    assert "203.0.113.7" == logged(log)["address"]


def test_a_refusal_is_logged_and_counted_with_its_reason(log: pytest.LogCaptureFixture) -> None:
    """As any other request, with the reason besides."""
    metrics = Metrics()
    stack = (Middleware(RequestLog, metrics), Middleware(Limits))
    client(*stack).post("/x", content=b"x" * (MAX_BODY + 1))

    assert ("body", 413) == (logged(log)["refused"], logged(log)["status"])
    assert {"body": 1} == metrics.refusals
    assert {("POST", "other", 413): 1} == metrics.requests
    assert 0 == metrics.in_flight


def test_a_failure_tells_its_id_and_nothing_else(log: pytest.LogCaptureFixture) -> None:
    """The log has the rest under that id."""
    answer = client(Middleware(RequestLog)).get("/broken")

    assert 500 == answer.status_code
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert SECRET not in answer.text
    assert f"failure {answer.headers['x-request-id']}" in log.text
    assert 500 == logged(log)["status"]


# ---- Settings ----


def test_settings_come_from_the_environment() -> None:
    """With defaults for what is not there; on Spaces there is a proxy unless that is denied."""
    assert Settings() == Settings.read({})
    assert Settings(rate_per_minute=0, burst=5, drain_seconds=3, log_addresses=True) == (
        Settings.read(
            {
                "NER_RATE_PER_MINUTE": "0",
                "NER_RATE_BURST": "5",
                "NER_DRAIN_SECONDS": "3",
                "NER_LOG_ADDRESSES": "1",
            }
        )
    )
    assert Settings.read({"SPACE_ID": "a/b"}).trust_proxy
    assert not Settings.read({"SPACE_ID": "a/b", "NER_TRUST_PROXY": "0"}).trust_proxy


@pytest.mark.parametrize("given", ["ten", "-1", "1.5", "9" * 10, "٣"])
def test_a_setting_that_is_no_number_is_refused(given: str) -> None:
    """By its name, with what it could be."""
    with pytest.raises(InputError, match=r"NER_RATE_PER_MINUTE.*such as 600"):
        Settings.read({"NER_RATE_PER_MINUTE": given})


def test_without_a_rate_nothing_stands_in_its_place() -> None:
    """All the other middleware stays."""
    limited = [one.cls for one in Service().middleware()]
    free = [one.cls for one in Service(Settings(rate_per_minute=0)).middleware()]

    assert RateLimit in limited
    assert free == [one for one in limited if one is not RateLimit]
