"""Slots: who works, who waits, who is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ner.serving.admission import Busy, ClientDisconnected, Slots
from ner.serving.bounds import SlotBounds

ONE = SlotBounds(running=1, queued=48, reserved=16, patience=10.0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that are done by the end of the test."""
    with ThreadPoolExecutor(40) as threads:
        yield threads


def until(slots: Slots, queued: int) -> None:
    """Until so many wait; pytest's timeout bounds that."""
    while slots.queued < queued:
        time.sleep(0.001)


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
    slots = Slots(SlotBounds(1, 3, 0, 10.0), on_refusal=lambda: refusals.append(1))
    order: list[int] = []
    refusals: list[int] = []

    def work(number: int) -> None:
        with slots.slot():
            order.append(number)

    with slots.slot():
        asked = []
        for number in range(3):
            asked.append(pool.submit(work, number))
            until(slots, number + 1)
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
    slots = Slots(ONE)
    done: list[str] = []

    def work(name: str, gone: bool) -> None:
        with slots.slot(disconnected=lambda: gone):
            done.append(name)

    with slots.slot():
        left = pool.submit(work, "left", True)
        until(slots, 1)
        stayed = pool.submit(work, "stayed", False)
        until(slots, 2)
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


def test_the_page_has_part_of_the_queue_to_itself(pool: ThreadPoolExecutor) -> None:
    """Over the HTTP API it is full earlier."""
    slots = Slots(SlotBounds(1, 2, 1, 10.0))

    def work() -> None:
        with slots.slot():
            pass

    with slots.slot():
        assert not slots.full
        first = pool.submit(work)
        until(slots, 1)
        assert slots.full
        second = pool.submit(work)
        until(slots, 2)
    first.result(10)
    second.result(10)
