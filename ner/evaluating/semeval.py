"""Partial matching, by the four schemes of SemEval-2013 task 9.1."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ner.counts import share
from ner.entities import Annotated, Entity, Tagged


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One scheme of SemEval-2013 task 9.1: each prediction and each gold entity has one outcome.

    Precision is (correct + partial / 2) over what was predicted (``actual``), recall the same over
    gold (``possible``); only the scheme 'partial' has partial ones. (Segura-Bedmar, Martínez &
    Herrero-Zazo, SemEval-2013 task 9; categories after Chinchor & Sundheim, MUC-5, 1993.)
    """

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(
            self.correct + other.correct,
            self.incorrect + other.incorrect,
            self.partial + other.partial,
            self.missed + other.missed,
            self.spurious + other.spurious,
        )

    @property
    def actual(self) -> int:
        """How many were predicted."""
        return self.correct + self.incorrect + self.partial + self.spurious

    @property
    def possible(self) -> int:
        """How many there are in gold."""
        return self.correct + self.incorrect + self.partial + self.missed

    @property
    def precision(self) -> float:
        """Credit over what was predicted."""
        return share(self._credit, self.actual)

    @property
    def recall(self) -> float:
        """Credit over gold."""
        return share(self._credit, self.possible)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return share(2 * self._credit, self.actual + self.possible)

    @property
    def row(self) -> tuple[float, float, float]:
        """Credit and what lacks it on either side, as the intervals of ``ner.stats`` take them."""
        return self._credit, self.actual - self._credit, self.possible - self._credit

    @property
    def _credit(self) -> float:
        return self.correct + self.partial / 2


@dataclass(frozen=True, slots=True)
class SemEval:
    """The four schemes of SemEval-2013: what must be right for 'correct'.

    ``strict``: boundaries and type; ``exact``: boundaries; ``partial``: boundaries, with half the
    credit for an overlap; ``type``: the type, with any overlap.
    """

    strict: Outcomes = Outcomes()
    exact: Outcomes = Outcomes()
    partial: Outcomes = Outcomes()
    type: Outcomes = Outcomes()

    def __add__(self, other: SemEval) -> SemEval:
        return SemEval(
            self.strict + other.strict,
            self.exact + other.exact,
            self.partial + other.partial,
            self.type + other.type,
        )


def count_in_tokens(tagged: Tagged, gold: Annotated) -> list[Entity]:
    """The entities with gold token numbers for offsets: distances are counted in tokens."""
    starts = [start for start, _ in gold.token_offsets]
    return [
        replace(
            entity, start=bisect_left(starts, entity.start), end=bisect_left(starts, entity.end)
        )
        for entity in tagged.entities
    ]


def score_semeval(gold: Sequence[Entity], predicted: Sequence[Entity]) -> SemEval:
    """The outcomes under all four schemes; offsets of both in tokens, see `count_in_tokens`."""
    by_span = list(_matched(gold, predicted, prefer_type=False))
    by_type = list(_matched(gold, predicted, prefer_type=True))
    same_span = [(one.start, one.end) == (other.start, other.end) for one, other in by_span]
    same = [
        (one.start, one.end, one.label) == (other.start, other.end, other.label)
        for one, other in by_span
    ]
    same_type = [one.label == other.label for one, other in by_type]
    sizes = len(gold), len(predicted)
    exact = _outcomes(same_span, *sizes)
    return SemEval(
        strict=_outcomes(same, *sizes),
        exact=exact,
        partial=replace(exact, incorrect=0, partial=exact.incorrect),
        type=_outcomes(same_type, *sizes),
    )


def _outcomes(right: Sequence[bool], gold: int, predicted: int) -> Outcomes:
    """The outcomes when ``right`` tells of each matched pair whether it is correct."""
    matched = len(right)
    return Outcomes(
        correct=sum(right),
        incorrect=matched - sum(right),
        missed=gold - matched,
        spurious=predicted - matched,
    )


def _matched(
    gold: Sequence[Entity], predicted: Sequence[Entity], *, prefer_type: bool
) -> Iterator[tuple[Entity, Entity]]:
    """Each prediction in turn with the first free gold entity that it overlaps.

    With ``prefer_type`` rather with one of its own type, and of those with the closest boundaries,
    in tokens. This is the matching of the package nervaluate.
    """
    ends = [entity.end for entity in gold]
    taken: set[int] = set()
    for entity in predicted:
        candidates = []
        index = bisect_right(ends, entity.start)
        while index < len(gold) and gold[index].start < entity.end:
            if index not in taken:
                rank = _type_rank(gold[index], entity) if prefer_type else (False, 0)
                candidates.append((rank, index))
            index += 1
        if candidates:
            _, index = min(candidates)
            taken.add(index)
            yield gold[index], entity


def _type_rank(gold: Entity, predicted: Entity) -> tuple[bool, int]:
    if gold.label != predicted.label:
        return True, 0
    return False, abs(gold.start - predicted.start) + abs(gold.end - predicted.end)
