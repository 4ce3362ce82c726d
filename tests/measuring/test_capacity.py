"""Capacity: who is asked what, and that setups share a fair round. No time is asserted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ner.entities import Tagged
from ner.errors import InputError
from ner.measuring.capacity import (
    CapacityPlan,
    Setup,
    measure_capacity,
    measure_setups,
    setups,
)
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.models.opened import Sides
from ner.models.prepared import Prepared
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

QUICK = CapacityPlan(rounds=3, seconds=0.0)


@dataclass
class Recorder:
    """Finds nothing, and remembers what it was asked, by which thread."""

    asked: list[list[str]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        self.asked.append(list(texts))
        self.threads.append(threading.get_ident())
        return [Tagged(text) for text in texts]


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 8, 64])
def test_few_setups_are_measured(cores: int) -> None:
    """At most six, each once, with single texts and batches, never more streams than cores."""
    found = setups(cores)

    assert len(set(found)) == len(found) <= 6
    assert {1, cores} <= {setup.streams for setup in found}
    assert all(1 <= setup.streams <= setup.threads == cores for setup in found)
    assert {1, 16} == {setup.batch for setup in found}


def test_each_setup_has_its_samples_and_rounds() -> None:
    """A request holds so many texts, and each client sends at least one a round."""
    texts = [f"Text {number}." for number in range(10)]
    clients = {Setup(2, 2, 4): [Recorder(), Recorder()], Setup(1, 2, 1): [Recorder()]}
    found = {one.setup: one for one in measure_setups(dict(clients), texts, QUICK)}

    for setup, recorders in clients.items():
        assert {setup.batch} == {len(asked) for one in recorders for asked in one.asked}
        assert set(texts) == {text for asked in recorders[0].asked for text in asked}
        assert found[setup].latency.n == QUICK.rounds * setup.streams
        assert len(found[setup].rates) == QUICK.rounds
        assert found[setup].texts_per_second > 0


def test_clients_ask_at_the_same_time() -> None:
    """Two that wait for each other are both answered: each has a thread of its own."""
    meet = threading.Barrier(2, timeout=60)

    class Waits(Recorder):
        def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
            if threading.current_thread() is not threading.main_thread():
                meet.wait()
            return super().tag_many(texts)

    [found] = measure_setups({Setup(2, 2, 1): [Waits(), Waits()]}, ["A text."], QUICK)

    assert found.latency.n == 2 * QUICK.rounds


def test_it_tells_how_far_it_is_and_stops_when_told() -> None:
    """After the round that it is at."""
    heard: list[BenchmarkStep] = []
    with pytest.raises(Stopped):
        measure_setups(
            {Setup(1, 1, 1): [Recorder()]},
            ["A text."],
            QUICK,
            report=heard.append,
            stop=lambda: len(heard) >= 2,
        )

    assert [(1, 3), (2, 3)] == [(step.done, step.total) for step in heard]


def test_no_text_is_refused() -> None:
    """In words."""
    with pytest.raises(InputError, match="no text"):
        measure_setups({Setup(1, 1, 1): [Recorder()]}, [], QUICK)


def test_a_real_model_is_measured(tiny_prepared: Prepared, texts: list[str]) -> None:
    """Every setup that this machine's cores allow, with figures above zero."""
    found = measure_capacity(tiny_prepared.folder, texts, plan=QUICK)

    assert {setup.batch for setup in setups(1)} == {one.setup.batch for one in found}
    assert all(one.texts_per_second > 0 and one.latency.n >= 3 for one in found)


def test_streams_change_no_entities(
    tiny_sides: Sides, tiny_original: Prepared, texts: list[str]
) -> None:
    """Clients at once find what one alone finds."""
    folder = tiny_original.folder
    model = Model.load(folder, streams=2)
    taggers = [OpenVinoTagger(model.beside()) for _ in range(2)]
    found: list[list[Tagged]] = [[], []]

    def tag(index: int) -> None:
        found[index] = taggers[index].tag_many(texts)

    threads = [threading.Thread(target=tag, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans = [
        [[(e.start, e.end, e.label) for e in tagged.entities] for tagged in side]
        for side in (*found, tiny_sides.left.tagger.tag_many(texts))
    ]

    assert spans[0] == spans[1] == spans[2]
