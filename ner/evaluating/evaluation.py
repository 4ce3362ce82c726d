"""One or two sides against gold: what each finds, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import starmap

from ner.comparing.agreement import Agreement, align
from ner.counts import Counts
from ner.entities import Annotated, Entity, Tagged, Tagger
from ner.errors import InputError
from ner.evaluating.scores import Changes, Scores, find_changes, score
from ner.stats import Estimate, f1_difference, f1_estimate
from ner.tags import suggest_map


@dataclass(frozen=True)
class Evaluation:
    """The counts of each sentence for each side, in the order of gold.

    ``left`` and ``right`` keep sentences apart, as intervals and paired tests need them; ``right``
    is None where there is one side. ``found`` holds what each side found. Only labels that count
    are in any of them.
    """

    gold: tuple[Annotated, ...]
    left: tuple[Scores, ...]
    right: tuple[Scores, ...] | None
    found: tuple[tuple[Tagged, ...], ...]

    @property
    def sides(self) -> tuple[tuple[Scores, ...], ...]:
        """The scores of the sides that there are, the left one first."""
        return (self.left,) if self.right is None else (self.left, self.right)

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """For each sentence both results aligned; none without a right side."""
        return tuple(map(align, *self.found)) if self.right is not None else ()

    @cached_property
    def changes(self) -> tuple[Changes, ...]:
        """For each sentence, the errors that the right side added and those that it removed."""
        if self.right is None:
            return ()
        return tuple(starmap(find_changes, zip(self.gold, *self.found, strict=True)))

    def f1(self, side: int, label: str | None = None) -> Estimate:
        """The strict F1 of one side (0 left, 1 right), of one type or of all (None)."""
        return f1_estimate([counts.row for counts in _rows(self.sides[side], label)])

    def support(self, label: str | None = None) -> int:
        """How many entities of one type or of all (None) are in gold."""
        return sum(_rows(self.left, label), Counts()).support

    def difference(self, label: str | None = None) -> Estimate:
        """The right F1 minus the left one, with its paired interval over sentences.

        Of one type or of all (None). 0 with an interval that says nothing without a right side.
        """
        if self.right is None:
            return Estimate(0.0, -1.0, 1.0)
        sides = (_rows(side, label) for side in (self.left, self.right))
        return f1_difference(*([counts.row for counts in side] for side in sides))


def _rows(scores: Sequence[Scores], label: str | None) -> list[Counts]:
    """The strict counts of each sentence, of one type or of all (None)."""
    if label is None:
        return [sentence.micro for sentence in scores]
    return [sentence.strict.get(label, Counts()) for sentence in scores]


def evaluate(
    gold: Sequence[Annotated],
    left: Tagger,
    right: Tagger | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Evaluation:
    """Tag each gold text with each side and score the results; ``labels`` None counts all types.

    Raises ``InputError`` if gold has types that a side does not know, so that nothing is scored in
    silence: name the ones to count in ``labels``.
    """
    taggers = (left,) if right is None else (left, right)
    for tagger in taggers:
        _check_labels(gold, tagger.labels, labels)
    texts = [sentence.tagged.text for sentence in gold]
    return score_predictions(gold, *(tagger.tag_many(texts) for tagger in taggers), labels=labels)


def score_predictions(
    gold: Sequence[Annotated],
    left: Sequence[Tagged],
    right: Sequence[Tagged] | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> Evaluation:
    """The same from predictions that are there already, one for each gold sentence."""
    counted = tuple(replace(text, tagged=text.tagged.keep(labels=labels)) for text in gold)
    found = tuple(
        tuple(tagged.keep(labels=labels) for tagged in side)
        for side in ((left,) if right is None else (left, right))
    )
    first, *second = (tuple(starmap(score, zip(counted, side, strict=True))) for side in found)
    return Evaluation(counted, first, second[0] if second else None, found)


def label_notes(
    evaluation: Evaluation, names: Sequence[str], known: Sequence[Sequence[str]] = ()
) -> Iterator[str]:
    """Sentences on types that only one side has, or that were found and are not in gold.

    ``names`` are what the sides are called, ``known`` what each can find: what it found, if empty.
    """
    found = [
        Counter(entity.label for tagged in side for entity in tagged.entities)
        for side in evaluation.found
    ]
    has = [set(labels) for labels in known] or [set(labels) for labels in found]
    only = [
        f"only {name} has {', '.join(sorted(labels - other))}"
        for name, labels, other in zip(names, has, reversed(has), strict=True)
        if labels - other
    ]
    if only:
        yield f"Labels differ: {'; '.join(only)}. Name the labels to count: those that both have."
    gold = {entity.label for text in evaluation.gold for entity in text.tagged.entities}
    for name, labels in zip(names, found, strict=True):
        strange = sorted(set(labels) - gold)
        if strange:
            times = sum(labels[label] for label in strange)
            yield (
                f"Gold has no {', '.join(strange)}: the {times:,} that {name} found count as "
                "errors. Name the labels to count, and the others are left out."
            )


def as_predictions(gold: Sequence[Annotated], given: Sequence[Annotated]) -> list[Tagged]:
    """Annotations made elsewhere as predictions for ``gold``: the same sentences, in order.

    The texts must be equal, or at least their tokens (a CoNLL file knows nothing of the spaces
    between them). Raises ``InputError`` that names the first sentence where neither is so.
    """
    if len(gold) != len(given):
        raise InputError(
            f"Gold has {len(gold):,} sentences and the predictions have {len(given):,}; expected "
            "the same sentences in the same order."
        )
    return [
        _onto(right, other, number)
        for number, (right, other) in enumerate(zip(gold, given, strict=True), start=1)
    ]


def _onto(gold: Annotated, given: Annotated, number: int) -> Tagged:
    """The entities of ``given`` upon the text of ``gold``."""
    if given.tagged.text == gold.tagged.text:
        return given.tagged
    if given.tokens != gold.tokens:
        raise InputError(
            f"Sentence {number:,} reads {gold.tagged.text[:60]!r} in gold and "
            f"{given.tagged.text[:60]!r} in the predictions; expected the same sentences, or the "
            "same tokens, in the same order."
        )
    pairs = list(zip(given.token_offsets, gold.token_offsets, strict=True))
    starts = {there[0]: here[0] for there, here in pairs}
    ends = {there[1]: here[1] for there, here in pairs}
    moved = (
        Entity(starts[entity.start], ends[entity.end], entity.label, entity.score)
        for entity in given.tagged.entities
    )
    return Tagged(gold.tagged.text, tuple(moved))


def lowercase(gold: Sequence[Annotated]) -> list[Annotated]:
    """The same annotation on the text in lower case.

    A character whose lower case is longer (İ) stays as it is, so that offsets hold.
    """
    return [
        replace(sentence, tagged=Tagged(_lower(sentence.tagged.text), sentence.tagged.entities))
        for sentence in gold
    ]


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _check_labels(
    gold: Iterable[Annotated], known: Sequence[str], labels: Sequence[str] | None
) -> None:
    counted = set(known) if labels is None else set(labels)
    unknown = sorted(counted - set(known))
    if unknown:
        raise InputError(
            f"The model has no label {', '.join(unknown)[:100]}. It has {', '.join(known)}."
        )
    present = {entity.label for sentence in gold for entity in sentence.tagged.entities}
    strange = sorted(present - set(known))
    if labels is None and strange:
        raise InputError(
            f"Gold has labels that the model does not know: {', '.join(strange)[:200]}. The model "
            f"has {', '.join(known)}. Name the labels to count; the others are then left out."
            f"{suggest_map(strange, known)}"
        )
