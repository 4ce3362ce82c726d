"""What stands behind the figures of an evaluation: the counts by bucket, and over the threshold."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ner.comparing.agreement import Kind
from ner.counts import Counts
from ner.entities import Annotated, Entity, Tagged
from ner.evaluating.scores import Scores

# Each dimension with its buckets in order; lengths and positions are in gold tokens.
BUCKETS: Mapping[str, tuple[str, ...]] = {
    "entity length": ("1 token", "2 tokens", "3 tokens", "4 tokens or more"),
    "sentence length": (
        "under 10 tokens",
        "10 to 19 tokens",
        "20 to 29 tokens",
        "30 tokens or more",
    ),
    "position": ("first token", "tokens 2 to 10", "tokens 11 to 30", "after token 30"),
    "casing": ("Capitalized", "UPPER CASE", "lower case", "other"),
}
# The numbers, from 0, at which a bucket of positions begins.
_POSITIONS = (1, 10, 30)


def buckets(entity: Entity, sentence: Annotated) -> dict[str, str]:
    """The bucket of an entity in each dimension of ``BUCKETS``."""
    first = bisect_right([end for _, end in sentence.token_offsets], entity.start)
    last = bisect_left([start for start, _ in sentence.token_offsets], entity.end)
    places = (
        min(max(last - first, 1), 4) - 1,
        min(len(sentence.token_offsets) // 10, 3),
        # Capitals tell nothing of a first token, and a model's memory of a text is short.
        bisect_right(_POSITIONS, first),
        _casing(sentence.tagged.spelled(entity)),
    )
    dimensions = zip(BUCKETS.items(), places, strict=True)
    return {dimension: names[place] for (dimension, names), place in dimensions}


def bucket_counts(scores: Scores) -> dict[str, dict[str, Counts]]:
    """The strict counts in each bucket that is not empty, by dimension.

    A gold entity counts in its own bucket, and so does a predicted one that is wrong; so the
    counts of a dimension add up to those of all entities.
    """
    counts: dict[str, defaultdict[str, Counts]] = {name: defaultdict(Counts) for name in BUCKETS}
    for sentence, alignment in zip(scores.gold, scores.alignments, strict=True):
        for pair in alignment.pairs:
            counted = [(pair.left, Counts(fn=1)), (pair.right, Counts(fp=1))]
            if pair.kind is Kind.SAME:
                counted = [(pair.left, Counts(tp=1))]
            for entity, count in counted:
                if entity is not None:
                    for dimension, name in buckets(entity, sentence).items():
                        counts[dimension][name] += count
    return {
        dimension: {name: counts[dimension][name] for name in names if name in counts[dimension]}
        for dimension, names in BUCKETS.items()
    }


def _casing(spelled: str) -> int:
    """The place in the buckets of casing; an initial alone (J.) is capitalized."""
    letters = [letter for letter in spelled if letter.isalpha()]
    cased = "".join(letters)
    if cased and cased == cased.lower():
        return 2
    if len(letters) > 1 and cased.isupper():
        return 1
    return 0 if spelled[0].isupper() else 3


@dataclass(frozen=True, slots=True)
class Curve:
    """A side's strict counts at each score that occurs, in order; between two the higher one's.

    One more are the counts above the highest score, where no entity is left.
    """

    scores: tuple[float, ...]
    counts: tuple[Counts, ...]

    def at(self, threshold: float) -> Counts:
        """The counts of the entities that score at least ``threshold``."""
        return self.counts[bisect_left(self.scores, threshold)]

    @property
    def flat(self) -> bool:
        """Whether there is no threshold to choose: files of predictions have no scores."""
        return len(self.scores) < 2


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
    scores = sorted(changes)
    steps = list(accumulate((changes[score] for score in scores), initial=counts))
    return Curve(tuple(scores), tuple(steps))
