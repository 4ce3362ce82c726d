"""How a side's scores against gold change with the threshold; nothing is tagged again.

The best threshold is found on the very set that it is scored on, so its F1 flatters: it is to be
checked on another set before it is used.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ner.counts import Counts, strict_counts
from ner.entities import Annotated, Tagged
from ner.evaluating.scores import widen


@dataclass(frozen=True, slots=True)
class Point:
    """The strict counts of the entities that score at least ``threshold``, in [0, 1]."""

    threshold: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class Curve:
    """A side's counts at each score that occurs, in order; between two they are the higher one's.

    ``nothing`` are the counts above the highest score, where no entity is left.
    """

    points: tuple[Point, ...]
    nothing: Counts

    def at(self, threshold: float) -> Counts:
        """The counts at any threshold."""
        index = bisect_left([point.threshold for point in self.points], threshold)
        return self.points[index].counts if index < len(self.points) else self.nothing

    @property
    def best(self) -> Point:
        """Where F1 is highest, at a threshold with few decimals; the lowest one among equals.

        0 where dropping entities gains nothing.
        """
        if not self.points:
            return Point(0.0, self.nothing)
        index = max(range(len(self.points)), key=lambda at: (self.points[at].counts.f1, -at))
        point = self.points[index]
        if index == 0:
            return Point(0.0, point.counts)
        lower = self.points[index - 1].threshold
        return Point(_few_decimals(lower, point.threshold), point.counts)

    @property
    def flat(self) -> bool:
        """Whether there is no threshold to choose: files of predictions have no scores."""
        return len(self.points) < 2


def threshold_curve(gold: Sequence[Annotated], found: Sequence[Tagged]) -> Curve:
    """The curve of what a side found in each gold text, widened to whole tokens as in `score`.

    Exactly what scoring anew at each threshold would give, but a text is counted again only where
    an entity of its own is dropped. Raises ``ValueError`` if the two are not of the same texts.
    """
    counts = Counts()
    # What dropping the entities of just this score changes.
    changes: defaultdict[float, list[int]] = defaultdict(lambda: [0, 0, 0])
    for sentence, predicted in zip(gold, found, strict=True):
        steps = list(_steps(sentence, predicted))
        counts += steps[0][1]
        for (score, before), (_, after) in pairwise(steps):
            for column, (old, new) in enumerate(zip(before.row, after.row, strict=True)):
                changes[score][column] += new - old
    points = []
    for score in sorted(changes):
        points.append(Point(score, counts))
        counts += Counts(*changes[score])
    return Curve(tuple(points), counts)


def _steps(gold: Annotated, predicted: Tagged) -> Iterator[tuple[float, Counts]]:
    """Each score of a text with its counts at that threshold; infinity, with none left, is last."""
    for threshold in (*sorted({entity.score for entity in predicted.entities}), math.inf):
        kept = widen(predicted.keep(threshold=threshold), gold)
        yield threshold, sum(strict_counts(gold.tagged, kept).values(), Counts())


def _few_decimals(lower: float, upper: float) -> float:
    """The number with the fewest decimals that is over ``lower`` and at most ``upper``."""
    for scale in (10, 100, 1_000, 10_000):
        rounded = math.floor(upper * scale) / scale
        if rounded > lower:
            return rounded
    return upper
