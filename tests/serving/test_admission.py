"""Slots, and which calls get one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fakes import awaited
from starlette.middleware import Middleware
from starlette.types import Message, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.admission import Admission, Busy, ClientDisconnected, Slots
from ner.serving.bounds import Bounds, SlotBounds
from serving.client import Client, client, page_of

BOUNDS = Bounds()
ONE = SlotBounds(running=1, queued=48, reserved=16, patience=10.0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that are done by the end of the test."""
    with ThreadPoolExecutor(40) as threads:
        yield threads


class Watched(Slots):
    """Slots that tell when a thread begins to wait."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.arrived = threading.Semaphore(0)
        ours = self.arrived

        class Telling(type(self._waiting)):  # type: ignore[misc]
            def append(self, turn: threading.Event) -> None:
                super().append(turn)
                ours.release()

        self._waiting = Telling()


def test_at_most_so_many_work_at_once(pool: ThreadPoolExecutor) -> None:
    """Never more than allowed inside, everyone served, nobody left over."""
    slots = Slots(SlotBounds(3, 200, 0, 10.0))
    inside: list[int] = []

    def work(number: int) -> int:
        with slots.slot():
            inside.append(slots.running)
        return number

    assert list(range(200)) == list(pool.map(work, range(200)))
    assert max(inside) <= 3
    assert (0, 0) == (slots.running, slots.queued)


def test_slots_are_taken_in_order_and_the_surplus_is_refused(pool: ThreadPoolExecutor) -> None:
    """Who came first goes first; one too many hears so at once and disturbs nobody."""
    slots = Watched(SlotBounds(1, 3, 0, 10.0), on_refusal=lambda: refusals.append(1))
    order: list[int] = []
    refusals: list[int] = []

    def work(number: int) -> None:
        with slots.slot():
            order.append(number)

    with slots.slot():
        asked = []
        for number in range(3):
            asked.append(pool.submit(work, number))
            assert slots.arrived.acquire(timeout=10)
        with pytest.raises(Busy, match="try again in 2 seconds"):
            work(3)
    for answer in asked:
        answer.result(10)

    assert [0, 1, 2] == order
    assert [1] == refusals


def test_nobody_waits_longer_than_patience() -> None:
    """The place is not lost by it."""
    slots = Slots(SlotBounds(1, 48, 16, 0.01))
    with slots.slot(), pytest.raises(Busy), slots.slot():
        pass

    with slots.slot():
        assert (1, 0) == (slots.running, slots.queued)


def test_work_of_one_who_left_while_waiting_is_not_done(pool: ThreadPoolExecutor) -> None:
    """The next in the queue gets the place."""
    slots = Watched(ONE)
    done: list[str] = []

    def work(name: str, gone: bool) -> None:
        with slots.slot(disconnected=lambda: gone):
            done.append(name)

    with slots.slot():
        left = pool.submit(work, "left", True)
        assert slots.arrived.acquire(timeout=10)
        stayed = pool.submit(work, "stayed", False)
        assert slots.arrived.acquire(timeout=10)
    stayed.result(10)

    assert isinstance(left.exception(10), ClientDisconnected)
    assert ["stayed"] == done
    assert (0, 0) == (slots.running, slots.queued)


def test_a_failure_at_work_gives_the_place_back() -> None:
    """And its time is counted."""
    took: list[float] = []
    slots = Slots(ONE, took=took.append)
    with pytest.raises(ZeroDivisionError), slots.slot():
        _ = 1 / 0

    assert 0 == slots.running
    assert 1 == len(took)


class Full(Slots):
    """Slots where as many wait as are let in over the HTTP API."""

    full = True


def asked(
    *calls: tuple[str | None, str], short: type[Slots] = Slots, long: type[Slots] = Slots
) -> Client:
    """The guard of a page where these calls, by name and address, are under way."""
    guard = (page_of(*calls), short(ONE), long(ONE), BOUNDS, Addresses())
    return client(Middleware(Admission, *guard))


OTHER = "198.51.100.1"
MANY = [("tag", OTHER)] * BOUNDS.short_calls


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("call/tag", {}, 503),
        ("call/v2/compare/", {}, 503),
        ("call/evaluate", {}, 200),
        # As Gradio's clients and the page call: the first is `tag`, the second the page's own.
        ("queue/join", {"fn_index": 0}, 503),
        ("run/predict", {"fn_index": 0}, 503),
        ("queue/join", {"fn_index": 1}, 200),
        ("upload", {}, 200),
    ],
)
@pytest.mark.parametrize("why", [{"short": Full}, {"calls": MANY}], ids=["full slots", "calls"])
def test_single_texts_are_refused_while_there_is_no_place(
    why: dict[str, Any], path: str, body: dict[str, Any], expected: int
) -> None:
    """At once, with when to come again; many texts have slots of their own, so has the page."""
    why = dict(why)
    answer = asked(*why.pop("calls", ()), **why).post(f"/gradio_api/{path}", json=body)

    assert expected == answer.status_code
    if expected == 503:
        assert "2" == answer.headers["retry-after"]
        assert "Too many" in answer.json()["detail"]


def test_many_texts_are_refused_while_their_slots_are_full() -> None:
    """Single texts are not."""
    full = asked(long=Full)

    assert 503 == full.post("/gradio_api/call/evaluate", json={}).status_code
    assert 200 == full.post("/gradio_api/call/tag", json={}).status_code


def test_one_visitor_does_not_fill_the_queue() -> None:
    """Others, and this machine itself, are still let in."""
    for address, expected in (("203.0.113.7", 503), (OTHER, 200), ("127.0.0.1", 200)):
        calls = [(None, "203.0.113.7"), (None, "127.0.0.1")] * BOUNDS.events_per_client
        guard = Client(asked(*calls).app, address)
        assert expected == guard.post("/gradio_api/queue/join", json={"fn_index": 1}).status_code


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
    answer = asked().post("/gradio_api/queue/join", json={"fn_index": 1, **body})

    assert expected == answer.status_code


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"7", b'"x"'])
def test_a_body_that_is_no_json_object_is_refused(content: bytes) -> None:
    """Whatever it is."""
    assert 422 == asked().post("/gradio_api/call/tag", content=content).status_code


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

        guard = Admission(works, page_of(), Slots(ONE), Slots(ONE), BOUNDS, Addresses())
        scope: Scope = {"type": "http", "method": "POST", "path": "/gradio_api/call/tag"}
        scope = {**scope, "client": ("127.0.0.1", 1), "headers": []}
        slow = [asyncio.create_task(guard({**scope}, endless, send)) for _ in range(100)]
        calls = [
            asyncio.create_task(guard({**scope}, receive, send))
            for _ in range(BOUNDS.short_calls + 5)
        ]
        await asyncio.sleep(0)
        bodies.set()
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        work.set()
        await asyncio.gather(*calls)
        for call in slow:
            call.cancel()

    awaited(crowd())

    assert [503] * 5 + [200] * BOUNDS.short_calls == statuses


def test_the_page_has_part_of_the_queue_to_itself(pool: ThreadPoolExecutor) -> None:
    """Over the HTTP API it is full earlier."""
    slots = Watched(SlotBounds(1, 2, 1, 10.0))

    def work() -> None:
        with slots.slot():
            pass

    with slots.slot():
        assert not slots.full
        first = pool.submit(work)
        assert slots.arrived.acquire(timeout=10)
        assert slots.full
        second = pool.submit(work)
        assert slots.arrived.acquire(timeout=10)
    first.result(10)
    second.result(10)
