"""Verdicts: what must be seen for a yes, a no, and how much more for either; on pure values."""

from __future__ import annotations

import numpy as np
import pytest

from ner.comparing.agreement import align
from ner.entities import Entity, Tagged
from ner.evaluating import verdicts
from ner.evaluating.report import Report, score_predictions
from ner.files.gold import parse_gold
from ner.stats import Estimate, f1_estimate
from ner.verdict import Answer, settle


def of_rows(right: int, lost: int) -> Report:
    """Gold that the left side finds whole, and the right one but for ``lost`` sentences."""
    gold = parse_gold(["[Berlin](LOC)"] * (right + lost), "test")
    full = [one.tagged for one in gold]
    return score_predictions(gold, full, full[:right] + [Tagged("Berlin")] * lost)


@pytest.mark.parametrize(
    ("right", "lost", "max_loss", "answer", "reason"),
    [
        (300, 0, 1.0, Answer.YES, "ruled out"),
        (299, 0, 1.0, Answer.UNDECIDED, "neither shown nor ruled out"),
        (280, 20, 1.0, Answer.NO, "a loss over the 1.0 points you accept is shown"),
        (297, 3, 1.0, Answer.UNDECIDED, "neither shown nor ruled out"),
        (2, 2, 1.0, Answer.UNDECIDED, "−100.0 to +100.0"),
        (290, 10, 5.0, Answer.YES, "5.0 points you accept is ruled out"),
    ],
)
def test_verdict_needs_an_interval_and_enough_entities(
    right: int, lost: int, max_loss: float, answer: Answer, reason: str
) -> None:
    """Yes only where a loss over the accepted one is ruled out; no only where it is shown."""
    given_ = verdicts.against_gold(of_rows(right, lost), None, max_loss).verdict
    assert answer == given_.answer
    assert reason in given_.sentence
    assert f"on {right + lost:,} entities" in given_.sentence


@pytest.mark.parametrize(
    ("same", "missing", "answer"),
    [
        (60, 0, Answer.YES),
        (59, 0, Answer.UNDECIDED),
        (190, 15, Answer.UNDECIDED),
        (80, 20, Answer.UNDECIDED),
    ],
)
def test_verdict_without_gold_asks_for_the_gate(same: int, missing: int, answer: Answer) -> None:
    """The agreement's interval against 95 %; where it is below, only gold tells who is wrong."""
    berlin = Tagged("Berlin", (Entity(0, 6, "LOC"),))
    lines = [align(berlin, berlin)] * same + [align(berlin, Tagged("Berlin"))] * missing
    given_ = verdicts.without_gold(lines, max_loss=5.0)
    assert answer == given_.answer
    assert f"on {same + missing} entities" in given_.sentence


def test_types_are_judged_apart() -> None:
    """What one type loses is not made up by another; both F1 stand beside the answer."""
    gold = parse_gold(["[Ada](PER) in [Rome](LOC)"] * 300, "test")
    full = [text.tagged for text in gold]
    halved = [
        Tagged(tagged.text, tagged.entities[: 1 + number % 2]) for number, tagged in enumerate(full)
    ]
    report = score_predictions(gold, full, halved)
    person, place, everything = (
        verdicts.against_gold(report, label, 1.0) for label in ("PER", "LOC", None)
    )

    assert [Answer.YES, Answer.NO, Answer.NO] == [
        judgement.verdict.answer for judgement in (person, place, everything)
    ]
    assert (300, 300, 600) == (person.entities, place.entities, everything.entities)
    assert 1.0 == place.left.value
    assert 2 / 3 == pytest.approx(place.right.value)
    assert place.right.value - place.left.value == pytest.approx(place.difference.value)
    assert "B's F1 on LOC is 66.7 %, A's 100.0 % (difference −33.3 (" in place.verdict.sentence


@pytest.mark.parametrize(
    ("figure", "seen", "more"),
    [
        (Estimate(0.0, 0.0, 0.0), 250, 50),
        (Estimate(-0.01, -0.02, 0.0), 1_000, None),
        (Estimate(-0.0101, -0.05, 0.03), 1_000, None),
        (Estimate(0.0, -1.0, 1.0), 20, 280),
        (Estimate(0.0, -1.0, 1.0), 400, 400),
        (Estimate(0.0, -1.0, 1.0), 0, 300),
    ],
    ids=["too few", "on the limit", "next to it", "no interval", "few sentences", "nothing"],
)
def test_what_is_missing_is_told(figure: Estimate, seen: int, more: int | None) -> None:
    """How many more entities, and none where a million would not do."""
    assert (Answer.UNDECIDED, more) == settle(figure, -0.01, seen=seen, needed=300)


@pytest.mark.parametrize("rate", [0.93, 0.85], ids=["above", "below"])
def test_as_many_more_as_told_settle_it_in_four_of_five_cases(rate: float) -> None:
    """Drawn again with that many entities, about 80 % of sets have an answer."""

    def estimate(right: int, of: int) -> Estimate:
        return f1_estimate([(1, 0, 0)] * right + [(0, 1, 1)] * (of - right))

    answer, more = settle(estimate(round(100 * rate), 100), 0.9, seen=100, needed=30)
    assert answer is Answer.UNDECIDED
    assert more is not None
    draws = np.random.default_rng(1).binomial(100 + more, rate, size=200)
    settled = [
        settle(estimate(int(right), 100 + more), 0.9, seen=100 + more, needed=30)[0]
        is not Answer.UNDECIDED
        for right in draws
    ]

    assert 0.65 < np.mean(settled) < 0.95
