"""Measuring contenders: what they find against the original and gold, in turns, with an end."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from fakes import INT8_WORDS, DictionaryTagger

from ner.choosing import measure as module
from ner.choosing.contenders import Contender
from ner.choosing.measure import Measured, Sample, measure
from ner.choosing.memory import SHORT, Footprint
from ner.choosing.workloads import SINGLES, Workload, usual
from ner.comparing.origin import Origin
from ner.entities import Tagged
from ner.errors import InputError
from ner.files.gold import parse_gold
from ner.io import split_lines
from ner.progress import Progress, finish

TEXTS = ("Wolfgang left Berlin.", "Paris sued Amazon.", "Nothing here.")
GOLD = "[Wolfgang](PER) left [Berlin](LOC).\n[Paris](LOC) sued [Amazon](ORG).\nNothing [here](LOC)."
ORIGINAL = Contender(Origin("Original", "x"), DictionaryTagger(), 77)
INT8 = Contender(Origin("INT8", "y"), DictionaryTagger(INT8_WORDS), 20, opening=("y",))


def run(
    sample: Sample, *contenders: Contender, **options: object
) -> tuple[list[Progress], tuple[Measured, ...]]:
    """What was told, and what was found in the end."""
    told: list[Progress] = []
    steps = measure(contenders, sample, usual(sample.texts), **options)  # type: ignore[arg-type]
    found = finish(steps, told.append)
    return told, found


def test_each_text_is_a_row_of_counts_against_the_original() -> None:
    """INT8 misses Paris and calls Amazon a place: one extra, two missing, in the second text."""
    _, (first, second) = run(Sample(TEXTS), ORIGINAL, INT8)

    assert first.agreement is first.agreement_at() is None
    assert ((2, 0, 0), (0, 1, 2), (0, 0, 0)) == second.agreement
    assert 3.5 == second.entities
    assert (agreement := second.agreement_at())
    assert 4 / 7 == pytest.approx(agreement.value)
    assert second.gold is second.footprint is None


def test_gold_counts_too_and_each_text_has_one_time_and_each_file_one_for_each_pass() -> None:
    """Of the five in gold the original finds four. Three times say nothing of the median."""
    _, (first, second) = run(Sample.of_gold(parse_gold(split_lines(GOLD), "gold")), ORIGINAL, INT8)
    rate = second.times["file"].rate

    assert first.gold and second.gold
    assert 8 / 9 == pytest.approx(first.gold.value)
    assert 4 / 8 == pytest.approx(second.gold.value)
    assert (3, 6) == (first.singles.n, first.times["file"].n)
    assert math.inf == second.singles.ms.high
    assert 0 < rate.low <= rate.value <= rate.high < math.inf


def test_contenders_take_turns_call_by_call_in_random_order() -> None:
    """All have tagged a text before any sees the next, once untimed and then in each pass."""
    order: list[tuple[str, str]] = []

    class Listening(DictionaryTagger):
        def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
            order.extend((self.labels[-1], text) for text in texts)
            return super().tag_many(texts)

    three = [
        Contender(Origin(name, name), Listening({"Ada": (name, 0.9)}), 1)
        for name in ("X", "Y", "Z")
    ]
    list(measure(three, Sample(TEXTS), [Workload(SINGLES, ((TEXTS[0],), (TEXTS[1],)), 9)]))
    timed = order[3 * len(TEXTS) :]
    rounds = [timed[at : at + 3] for at in range(0, len(timed), 3)]

    assert [{text} for text in TEXTS[:2] * 10] == [{text for _, text in one} for one in rounds]
    orders = [tuple(name for name, _ in one) for one in rounds]
    assert {("X", "Y", "Z")} == {tuple(sorted(one)) for one in orders}
    assert len(set(orders)) > 3


def test_progress_ends_at_its_total_and_memory_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that a process of its own can open."""
    monkeypatch.setattr(module, "measure_footprint", lambda *_: Footprint(1.0, 1, 2, 3))
    told, (first, second) = run(Sample(TEXTS), ORIGINAL, INT8, memory=SHORT)

    assert list(range(told[-1].total + 1)) == [step.done for step in told]
    assert (None, Footprint(1.0, 1, 2, 3)) == (first.footprint, second.footprint)


def test_a_contender_against_itself_shows_no_difference() -> None:
    """By its own samples; see tests/evidence/record_self_check.py for real ones."""
    _, (_, second) = run(
        Sample(TEXTS * 4), ORIGINAL, Contender(Origin("again", "z"), DictionaryTagger(), 77)
    )

    assert (agreement := second.agreement_at())
    assert 1.0 == agreement.value > agreement.low


def test_no_text_and_strange_gold_are_refused() -> None:
    """With what was expected."""
    with pytest.raises(InputError, match="one a line"):
        Sample(())
    gold = parse_gold(split_lines("[Wolfgang](Bird) sings."), "gold")
    with pytest.raises(InputError, match="Bird"):
        run(Sample.of_gold(gold), ORIGINAL, INT8)
