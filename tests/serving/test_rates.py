"""How often a client may ask, and how many streams it may hold."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from fakes import awaited
from hypothesis import given
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.types import Message, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.rates import RateLimit, StreamLimit, TokenBuckets
from serving.client import Client, Clock, client


def test_a_visitor_has_a_burst_and_then_a_rate() -> None:
    """Three at once, then one each half second, as the answer says."""
    clock = Clock()
    buckets = TokenBuckets(2.0, 3.0, clients=10_000, clock=clock)

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
    buckets = TokenBuckets(rate, burst, clients=10_000, clock=clock)
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
    buckets = TokenBuckets(1.0, 1.0, clients=100, clock=Clock())
    for number in range(1000):
        buckets.take(str(number), 1.0)

    assert 100 == len(buckets)
    assert buckets.take("999", 1.0) > 0
    assert 0.0 == buckets.take("0", 1.0)


def limited(address: str, **settings: bool) -> Client:
    """A client that may ask twice at once, and then each ten seconds."""
    buckets = TokenBuckets(0.1, 2.0, clients=10_000, clock=Clock())
    return client(Middleware(RateLimit, buckets, Addresses(**settings)), address=address)


def test_too_often_is_429_with_retry_after() -> None:
    """The sentence and the header say when to come again; files and probes stay free."""
    asked = limited("203.0.113.7")
    answers = [asked.post("/x") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert "10" == answers[-1].headers["retry-after"]
    assert "10 s" in answers[-1].json()["detail"]
    for free in ("/assets/x.js", "/gradio_api/call/tag/1", "/healthz", "/readyz", "/metrics"):
        assert {200} == {asked.get(free).status_code for _ in range(20)}
    assert 429 == [asked.get("/") for _ in range(9)][-1].status_code


@pytest.mark.parametrize(("trust_proxy", "expected"), [(False, {200}), (True, {200, 429})])
def test_this_machine_is_not_limited_unless_a_proxy_stands_before_it(
    trust_proxy: bool, expected: set[int]
) -> None:
    """A script of the owner's may ask as often as it likes; through a proxy anyone has loopback."""
    asked = limited("127.0.0.1", trust_proxy=trust_proxy)

    assert expected == {asked.post("/x").status_code for _ in range(5)}


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

        asked = StreamLimit(stays, 2, Addresses())

        def get(path: str, address: str) -> Any:
            scope = {"type": "http", "method": "GET", "path": path, "headers": []}
            return asked({**scope, "client": (address, 1)}, receive, send)

        heart = "/gradio_api/heartbeat/x"
        stay = [
            asyncio.create_task(get(heart, address))
            for address in ("1.1.1.1", "1.1.1.1", "2.2.2.2")
        ]
        await asyncio.sleep(0)
        with suppress(KeyError):  # the body, which has no status
            await get("/gradio_api/queue/data", "1.1.1.1")
        await get("/", "1.1.1.1")
        leave.set()
        await asyncio.gather(*stay)
        await get(heart, "1.1.1.1")

    awaited(visits())

    assert [429, 200, 200, 200, 200, 200] == statuses
