"""Measuring candidates: what they find against the original and gold, interleaved, with an end."""

from __future__ import annotations

import math

import pytest
from fakes import INT8_WORDS, DictionaryTagger

from ner.choosing.measure import Contender, Sample, measure
from ner.comparing.origin import Origin
from ner.entities import Tagged
from ner.errors import InputError
from ner.files.gold import parse_gold
from ner.io import split_lines
from ner.measuring.rounds import BenchmarkStep, Stopped

TEXTS = ("Wolfgang left Berlin.", "Paris sued Amazon.", "Nothing here.")
GOLD = "[Wolfgang](PER) left [Berlin](LOC).\n[Paris](LOC) sued [Amazon](ORG).\nNothing [here](LOC)."


def original() -> Contender:
    return Contender(Origin("Original", "x"), DictionaryTagger(), 77)


def int8() -> Contender:
    return Contender(Origin("INT8", "y"), DictionaryTagger(INT8_WORDS), 20)


def test_each_text_is_a_row_of_counts_against_the_original() -> None:
    """INT8 misses Paris and calls Amazon a place: one extra, two missing, in the second text."""
    first, second = measure(original(), [int8()], Sample(TEXTS))

    assert first.agreement is None
    assert ((2, 0, 0), (0, 1, 2), (0, 0, 0)) == second.agreement
    assert 4 / 7 == pytest.approx(second.agreement_at(0.95).value)
    assert 3.5 == second.entities
    assert second.gold is second.gold_f1 is None


def test_where_there_is_gold_it_counts_too() -> None:
    """Of the five in gold the original finds four."""
    gold = parse_gold(split_lines(GOLD), "gold")
    first, second = measure(original(), [int8()], Sample.of_gold(gold))

    assert 8 / 9 == pytest.approx(first.gold_f1.value)
    assert 4 / 8 == pytest.approx(second.gold_f1.value)


def test_each_text_has_one_time_whatever_the_passes() -> None:
    """The median of its passes, so that texts are the unit of both time and agreement."""
    first, second = measure(original(), [int8()], Sample(TEXTS), passes=4)

    assert (3, 3) == (first.latency.n, second.latency.n)
    assert first.time.high == math.inf


def test_candidates_take_turns_text_by_text() -> None:
    """Every one has tagged a text before any of them sees the next one."""
    order: list[str] = []

    class Listening(DictionaryTagger):
        def __call__(self, text: str) -> Tagged:
            order.append(text)
            return super().__call__(text)

    pair = [Contender(Origin(name, name), Listening(), 1) for name in "ab"]
    measure(pair[0], pair[1:], Sample(TEXTS), passes=2)

    assert [text for text in TEXTS * 3 for _ in range(2)] == order


def test_progress_ends_at_its_total_and_memory_is_asked_for() -> None:
    """Steps are counted up to what was announced."""
    steps: list[BenchmarkStep] = []
    found = measure(
        original(),
        [int8()],
        Sample(TEXTS),
        memory=lambda item: 1000 * item.bytes_on_disk,
        report=steps.append,
    )

    assert [77_000, 20_000] == [item.memory_bytes for item in found]
    assert steps[-1].done == steps[-1].total == len(steps)


def test_it_stops_when_told_to() -> None:
    """After the text that it is at."""
    with pytest.raises(Stopped):
        measure(original(), [int8()], Sample(TEXTS), stop=lambda: True)


def test_no_text_and_strange_gold_are_refused() -> None:
    """With what was expected."""
    with pytest.raises(InputError, match="one a line"):
        Sample(())
    gold = parse_gold(split_lines("[Wolfgang](Bird) sings."), "gold")
    with pytest.raises(InputError, match="Bird"):
        measure(original(), [int8()], Sample.of_gold(gold))
