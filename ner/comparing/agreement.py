"""Two taggings of one text, aligned: what is the same, and in what way the rest differs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ner.counts import counts_of, strict_counts
from ner.entities import Entity, Tagged
from ner.stats import Estimate, f1_estimate

# An entity is fragile when another type comes this close to one of its words on either side.
FRAGILE_MARGIN = 0.2


class Kind(StrEnum):
    """How an aligned pair relates.

    ``LABEL`` is any difference of label, also when the boundaries differ too: it is the graver one.
    """

    SAME = "same"
    BOUNDARY = "boundary"
    LABEL = "label"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of an alignment; at least one side is an entity."""

    left: Entity | None
    right: Entity | None

    @property
    def kind(self) -> Kind:
        """How the two sides relate."""
        if self.right is None:
            return Kind.ONLY_LEFT
        if self.left is None:
            return Kind.ONLY_RIGHT
        if self.left.label != self.right.label:
            return Kind.LABEL
        return Kind.SAME if self.same_span else Kind.BOUNDARY

    @property
    def same_span(self) -> bool:
        """Whether both sides are there, and begin and end at the same places."""
        left, right = (one and (one.start, one.end) for one in (self.left, self.right))
        return left is not None and left == right

    @property
    def drift(self) -> float | None:
        """The right score minus the left one; None where only one side found something."""
        if self.left is None or self.right is None:
            return None
        return self.right.score - self.left.score

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Those that are there, the left one first."""
        return tuple(side for side in (self.left, self.right) if side is not None)

    @property
    def start(self) -> int:
        """Where the earlier of the two sides begins."""
        return min(side.start for side in self.entities)

    @property
    def end(self) -> int:
        """Where the later of the two sides ends."""
        return max(side.end for side in self.entities)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The alignment of two taggings of one text; ``pairs`` are in reading order."""

    left: Tagged
    right: Tagged
    pairs: tuple[Pair, ...]

    @property
    def text(self) -> str:
        """The text that both are of."""
        return self.left.text

    @property
    def differences(self) -> tuple[Pair, ...]:
        """The pairs that are not the same on both sides."""
        return tuple(pair for pair in self.pairs if pair.kind is not Kind.SAME)

    @property
    def identical(self) -> float:
        """The share of pairs that are the same, in [0, 1]; 1.0 when neither side found any."""
        if not self.pairs:
            return 1.0
        return 1.0 - len(self.differences) / len(self.pairs)


def align(left: Tagged, right: Tagged) -> Agreement:
    """Pair up the entities of two taggings of the same text, each at most once.

    Equal spans are paired first; what is left is paired where it overlaps, the largest overlap
    first and the leftmost among equals. Raises ``ValueError`` if the texts differ.
    """
    if left.text != right.text:
        raise ValueError("two taggings can be aligned only if they are of the same text")
    starts = [entity.start for entity in right.entities]
    ends = [entity.end for entity in right.entities]
    overlapping = []
    for i, one in enumerate(left.entities):
        # Both sides are ordered and free of overlap.
        for j in range(bisect_right(ends, one.start), bisect_left(starts, one.end)):
            other = right.entities[j]
            differs = (one.start, one.end) != (other.start, other.end)
            overlap = min(one.end, other.end) - max(one.start, other.start)
            overlapping.append((differs, -overlap, i, j))
    partners: dict[int, Entity] = {}
    alone = dict(enumerate(right.entities))
    for *_, i, j in sorted(overlapping):
        if i not in partners and j in alone:
            partners[i] = alone.pop(j)
    pairs = [Pair(one, partners.get(i)) for i, one in enumerate(left.entities)]
    pairs += [Pair(None, other) for other in alone.values()]
    pairs.sort(key=lambda pair: (pair.start, pair.left is None))
    return Agreement(left, right, tuple(pairs))


def fragile(*margins: float) -> bool:
    """Whether little would flip an entity that has these margins (``Explained.margins``)."""
    return min(margins) < FRAGILE_MARGIN


def agreement_estimate(agreements: Iterable[Agreement], label: str | None = None) -> Estimate:
    """The micro F1 of the right entities against the left ones; of one label, or of all (None).

    Texts are resampled; 1.0 where neither side found any.
    """
    counts = (strict_counts(agreement.left, agreement.right) for agreement in agreements)
    return f1_estimate([counts_of(one, label).row for one in counts], of_nothing=1.0)
