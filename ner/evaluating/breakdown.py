"""What stands behind the figures of an evaluation: each decision, by bucket and by threshold.

The best threshold is found on the very set that it is scored on, so its F1 flatters: it is to be
checked on another set before it is used.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ner.comparing.agreement import Kind
from ner.counts import Counts
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.scores import ErrorKind, Scores, find_errors

ENTITY_LENGTH = "entity length"
SENTENCE_LENGTH = "sentence length"
POSITION = "position"
CASING = "casing"
# The numbers, from 0, at which a bucket of positions begins.
_POSITIONS = (1, 10, 30)
# Each dimension with its buckets in order; lengths and positions are in gold tokens.
BUCKETS: Mapping[str, tuple[str, ...]] = {
    ENTITY_LENGTH: ("1 token", "2 tokens", "3 tokens", "4 tokens or more"),
    SENTENCE_LENGTH: ("under 10 tokens", "10 to 19 tokens", "20 to 29 tokens", "30 tokens or more"),
    POSITION: ("first token", "tokens 2 to 10", "tokens 11 to 30", "after token 30"),
    CASING: ("Capitalized", "UPPER CASE", "lower case", "other"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """An entity of gold, of the prediction, or one of each where the two are aligned.

    ``sentence`` counts from 0; ``predicted`` is widened to gold tokens, as scoring does; ``error``
    is None where it is right; ``changed`` tells whether the other side does not make that error.
    """

    sentence: int
    gold: Entity | None
    predicted: Entity | None
    error: ErrorKind | None = None
    changed: bool = False


def decisions(evaluation: Evaluation, side: int) -> Iterator[Decision]:
    """The decisions of one side (0 left, 1 right), by sentence; counted, they give its scores."""
    for index, alignment in enumerate(evaluation.sides[side].alignments):
        # What the right side added to the left one's errors is first.
        own = evaluation.changes[index][1 - side] if evaluation.paired else []
        for pair in alignment.pairs:
            if pair.kind is Kind.SAME:
                yield Decision(index, pair.left, pair.right)
        for error in find_errors(alignment):
            yield Decision(index, error.gold, error.predicted, error.kind, error in own)


def buckets(entity: Entity, sentence: Annotated) -> dict[str, str]:
    """The bucket of an entity in each dimension of ``BUCKETS``."""
    first = bisect_right([end for _, end in sentence.token_offsets], entity.start)
    last = bisect_left([start for start, _ in sentence.token_offsets], entity.end)
    places = {
        ENTITY_LENGTH: min(max(last - first, 1), 4) - 1,
        SENTENCE_LENGTH: min(len(sentence.token_offsets) // 10, 3),
        # Capitals tell nothing of a first token, and a model's memory of a text is short.
        POSITION: bisect_right(_POSITIONS, first),
        CASING: _casing(sentence.tagged.spelled(entity)),
    }
    return {dimension: BUCKETS[dimension][place] for dimension, place in places.items()}


def bucket_counts(evaluation: Evaluation, side: int) -> dict[str, dict[str, Counts]]:
    """The strict counts in each bucket that is not empty, by dimension.

    A gold entity counts in its own bucket, and so does a predicted one that is wrong; so the
    counts of a dimension add up to those of all entities.
    """
    counts: dict[str, dict[str, Counts]] = {
        dimension: {name: Counts() for name in names} for dimension, names in BUCKETS.items()
    }
    for decision in decisions(evaluation, side):
        sentence = evaluation.gold[decision.sentence]
        right = decision.error is None
        counted = [(decision.gold, Counts(tp=1) if right else Counts(fn=1))]
        if not right:
            counted.append((decision.predicted, Counts(fp=1)))
        for entity, count in counted:
            if entity is not None:
                for dimension, name in buckets(entity, sentence).items():
                    counts[dimension][name] += count
    return {
        dimension: {name: count for name, count in rows.items() if any(count.row)}
        for dimension, rows in counts.items()
    }


def _casing(spelled: str) -> int:
    """The place in ``BUCKETS[CASING]``; an initial alone (J.) is capitalized."""
    letters = [letter for letter in spelled if letter.isalpha()]
    cased = "".join(letters)
    if cased and cased == cased.lower():
        return 2
    if len(letters) > 1 and cased.isupper():
        return 1
    return 0 if spelled[0].isupper() else 3


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
    """The curve of what a side found in each gold text, as scoring anew at each threshold gives it.

    A text is counted again only where an entity of its own is dropped: scoring all texts at each
    of a hundred thresholds takes a minute for the longest gold that the page accepts. Raises
    ``ValueError`` if the two are not of the same texts.
    """
    counts = Counts()
    # By score, what dropping the entities that have it changes.
    changes: defaultdict[float, Counts] = defaultdict(Counts)
    for sentence, predicted in zip(gold, found, strict=True):
        thresholds = (*sorted({entity.score for entity in predicted.entities}), math.inf)
        steps = [
            Scores((sentence,), (predicted.keep(threshold=threshold),)).micro
            for threshold in thresholds
        ]
        counts += steps[0]
        for score, (before, after) in zip(thresholds, pairwise(steps), strict=False):
            changes[score] += after - before
    points = []
    for score, change in sorted(changes.items()):
        points.append(Point(score, counts))
        counts += change
    return Curve(tuple(points), counts)


def _few_decimals(lower: float, upper: float) -> float:
    """The number with the fewest decimals that is over ``lower`` and at most ``upper``."""
    for scale in (10, 100, 1_000, 10_000):
        rounded = math.floor(upper * scale) / scale
        if rounded > lower:
            return rounded
    return upper
