"""Scores against gold over the threshold: exactly those of scoring anew at each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.counts import Counts
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.breakdown import threshold_curve
from ner.evaluating.scores import Scores

LETTERS = "ab cd ef gh"
TOKENS = ((0, 2), (3, 5), (6, 8), (9, 11))
labels = st.sampled_from(["PER", "LOC"])
scores = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 0.9, 1.0])


@st.composite
def spans(draw: st.DrawFn, *, whole: bool) -> tuple[Entity, ...]:
    """Entities in order, upon whole tokens or anywhere."""
    borders = [border for token in TOKENS for border in token] if whole else list(range(12))
    found, position = [], 0
    for index in range(len(borders)):
        starts = [b for b in (borders[::2] if whole else borders) if b >= position]
        if not starts or not draw(st.booleans()):
            break
        start = draw(st.sampled_from(starts))
        ends = [b for b in (borders[1::2] if whole else borders) if b > start]
        if not ends:
            break
        position = draw(st.sampled_from(ends))
        found.append(Entity(start, position, draw(labels), draw(scores)))
        assert index < 12
    return tuple(found)


texts = st.lists(st.tuples(spans(whole=True), spans(whole=False)), min_size=1, max_size=4)


def both(drawn: list[tuple[tuple[Entity, ...], tuple[Entity, ...]]]) -> tuple[list, list]:
    gold = [
        Annotated(Tagged(LETTERS, tuple(replace(one, score=1.0) for one in right)), TOKENS)
        for right, _ in drawn
    ]
    return gold, [Tagged(LETTERS, found) for _, found in drawn]


@given(texts, st.one_of(scores, st.floats(0, 1)))
def test_at_each_threshold_it_is_what_scoring_anew_gives(drawn: list, threshold: float) -> None:
    """Also at the scores themselves, and where widening joins or drops entities."""
    gold, found = both(drawn)
    kept = [tagged.keep(threshold=threshold) for tagged in found]
    anew = Scores(tuple(gold), tuple(kept)).micro

    assert anew == threshold_curve(gold, found).at(threshold)


def test_predictions_without_scores_leave_nothing_to_choose() -> None:
    """All at 1: one point; nothing found at all: none."""
    gold = [Annotated(Tagged("Ada", (Entity(0, 3, "PER"),)), ((0, 3),))]

    assert threshold_curve(gold, [gold[0].tagged]).flat
    curve = threshold_curve(gold, [Tagged("Ada")])
    assert curve.flat
    assert Counts(fn=1) == curve.at(0.5)


def test_texts_must_be_the_same() -> None:
    """As many, and of the same letters."""
    gold = [Annotated(Tagged("Ada"), ((0, 3),))]
    for found in ([], [Tagged("Bob")]):
        with pytest.raises(ValueError, match=r"shorter|same text"):
            threshold_curve(gold, found)
