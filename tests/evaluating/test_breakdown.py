"""Scores against gold over the threshold: exactly those of scoring anew at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.breakdown import THRESHOLDS, threshold_counts
from ner.evaluating.scores import Scores

LETTERS = "ab cd ef gh"
TOKENS = ((0, 2), (3, 5), (6, 8), (9, 11))
labels = st.sampled_from(["PER", "LOC"])
scores = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 0.7, 0.9, 1.0])


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


@given(texts)
def test_at_each_threshold_it_is_what_scoring_anew_gives(
    drawn: list[tuple[tuple[Entity, ...], tuple[Entity, ...]]],
) -> None:
    """Also at the scores themselves, and where widening joins or drops entities."""
    gold = tuple(
        Annotated(Tagged(LETTERS, tuple(replace(one, score=1.0) for one in right)), TOKENS)
        for right, _ in drawn
    )
    found = tuple(Tagged(LETTERS, entities) for _, entities in drawn)
    anew = [
        Scores(gold, tuple(tagged.keep(threshold=threshold) for tagged in found)).micro
        for threshold in THRESHOLDS
    ]

    assert anew == threshold_counts(Scores(gold, found))
