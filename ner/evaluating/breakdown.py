"""What stands behind the figures of an evaluation: the counts by bucket, and over the threshold."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from ner.comparing.agreement import Kind
from ner.counts import Counts
from ner.entities import Annotated, Entity
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
# At which scores of entities there are counts.
THRESHOLDS = tuple(tenth / 10 for tenth in range(10))
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
    counts = {dimension: dict.fromkeys(names, Counts()) for dimension, names in BUCKETS.items()}
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
        dimension: {name: one for name, one in by_name.items() if any(one.row)}
        for dimension, by_name in counts.items()
    }


def _casing(spelled: str) -> int:
    """The place in the buckets of casing; an initial alone (J.) is capitalized."""
    if spelled.islower():
        return 2
    if spelled.isupper() and sum(map(str.isalpha, spelled)) > 1:
        return 1
    return 0 if spelled[0].isupper() else 3


def threshold_counts(side: Scores) -> list[Counts]:
    """The strict counts of the entities that score at least each of ``THRESHOLDS``.

    A text is counted again only where an entity of its own is dropped: there may be 600,000
    characters of gold.
    """
    totals = [Counts()] * len(THRESHOLDS)
    for gold, found in zip(side.gold, side.found, strict=True):
        before = None
        for place, threshold in enumerate(THRESHOLDS):
            kept = found.keep(threshold=threshold)
            if kept != before:
                counts, before = Scores((gold,), (kept,)).micro, kept
            totals[place] += counts
    return totals
