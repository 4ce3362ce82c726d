"""Counts of right and wrong entities; precision, recall and F1 follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ner.entities import Tagged


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives and false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def found(self) -> int:
        """How many were predicted."""
        return self.tp + self.fp

    @property
    def support(self) -> int:
        """How many there are in gold."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """The share of what was predicted that is right."""
        return share(self.tp, self.found)

    @property
    def recall(self) -> float:
        """The share of gold that was found."""
        return share(self.tp, self.support)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return share(2 * self.tp, self.found + self.support)

    @property
    def figures(self) -> tuple[float, float, float]:
        """Precision, recall and F1."""
        return self.precision, self.recall, self.f1

    @property
    def row(self) -> tuple[int, int, int]:
        """``(tp, fp, fn)``, as the intervals of ``ner.stats`` take them."""
        return self.tp, self.fp, self.fn


def strict_counts(gold: Tagged, predicted: Tagged) -> dict[str, Counts]:
    """Per type, the entities with the same span and type on both sides, and those without."""
    wanted, found = (
        {(entity.start, entity.end, entity.label) for entity in side.entities}
        for side in (gold, predicted)
    )
    right, extra, missed = (
        Counter(label for *_, label in spans)
        for spans in (wanted & found, found - wanted, wanted - found)
    )
    return {
        label: Counts(right[label], extra[label], missed[label]) for label in right | extra | missed
    }


def counts_of(by_label: Mapping[str, Counts], label: str | None) -> Counts:
    """Those of one label, or of all (None)."""
    if label is None:
        return sum(by_label.values(), Counts())
    return by_label.get(label, Counts())


def share(part: float, whole: float) -> float:
    """``part / whole``, and 0.0 where there is nothing."""
    return part / whole if whole else 0.0
