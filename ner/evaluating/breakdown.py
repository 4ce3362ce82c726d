"""What stands behind the figures of an evaluation: each decision, and the buckets it falls into."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ner.comparing.agreement import Kind, align
from ner.counts import Counts
from ner.entities import Annotated, Entity
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.scores import Error, ErrorKind, find_errors, widen

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
    for index, gold in enumerate(evaluation.gold):
        predicted = evaluation.found[side][index]
        own: Sequence[Error] = ()
        if evaluation.right is not None:
            changes = evaluation.changes[index]
            own = changes.added if side else changes.removed
        for pair in align(gold.tagged, widen(predicted, gold)).pairs:
            if pair.kind is Kind.SAME:
                yield Decision(index, pair.left, pair.right)
        for error in find_errors(gold, predicted):
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
