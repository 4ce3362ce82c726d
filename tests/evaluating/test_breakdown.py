"""Scores against gold over the threshold: exactly those of scoring anew at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

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
def spans(draw: st.DrawFn, parts: Sequence[tuple[int, int]]) -> tuple[Entity, ...]:
    """Entities in order, each of one part or of several that follow each other."""
    borders = sorted(draw(st.sets(st.integers(0, len(parts)))))
    return tuple(
        Entity(parts[first][0], parts[last - 1][1], draw(labels), draw(scores))
        for first, last in pairwise(borders)
        if draw(st.booleans())
    )


letters = [(at, at + 1) for at in range(len(LETTERS))]
texts = st.lists(st.tuples(spans(TOKENS), spans(letters)), min_size=1, max_size=4)


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
