"""Slots: who works, who waits, who is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ner.serving.admission import Busy, ClientDisconnected, Slots
from ner.serving.bounds import SlotBounds

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
            def append(self, turn: object) -> None:
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
