"""One or two sides against gold, or against each other: what each finds, and how far they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ner.comparing.agreement import Agreement, Pair, agreement_estimate, align
from ner.entities import Annotated, Tagged, Tagger
from ner.errors import InputError
from ner.evaluating.scores import Scores, find_changes
from ner.stats import Estimate, f1_difference, f1_estimate
from ner.tags import suggest_map


@dataclass(frozen=True)
class Evaluation:
    """The scores of one side, or of a left and a right one, on the same gold, of labels that count.

    Sentences are what is resampled for every interval.
    """

    gold: tuple[Annotated, ...]
    sides: tuple[Scores, ...]

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """For each sentence both results aligned; none without a right side."""
        return tuple(map(align, *(side.found for side in self.sides))) if self.paired else ()

    @property
    def paired(self) -> bool:
        """Whether there is a right side."""
        return len(self.sides) == 2

    @cached_property
    def changes(self) -> tuple[tuple[list[Pair], list[Pair]], ...]:
        """For each sentence, the errors that the right side added and those that it removed."""
        if not self.paired:
            return ()
        return tuple(map(find_changes, *(side.alignments for side in self.sides)))

    @property
    def labels(self) -> tuple[str, ...]:
        """The types in gold or found by any side."""
        return tuple(sorted(set().union(*(side.strict for side in self.sides))))

    @property
    def gold_labels(self) -> set[str]:
        """The types in gold."""
        return {entity.label for text in self.gold for entity in text.tagged.entities}

    def f1(self, side: int, label: str | None = None) -> Estimate:
        """The strict F1 of one side (0 left, 1 right), of one type or of all (None)."""
        return f1_estimate(self.sides[side].rows(label))

    def support(self, label: str | None = None) -> int:
        """How many entities of one type or of all (None) are in gold."""
        return sum(tp + fn for tp, _, fn in self.sides[0].rows(label))

    def difference(self, label: str | None = None) -> Estimate:
        """The right F1 minus the left one, paired by sentence, of one type or of all (None)."""
        left, right = self.sides
        return f1_difference(left.rows(label), right.rows(label))

    def agreement(self, label: str | None = None) -> Estimate:
        """F1 of what the right side finds, what the left one finds taken as gold."""
        return agreement_estimate(self.agreements, label)


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
    sides = (left,) if right is None else (left, right)
    return Evaluation(
        counted,
        tuple(Scores(counted, tuple(one.keep(labels=labels) for one in side)) for side in sides),
    )


def label_notes(
    evaluation: Evaluation, names: Sequence[str], known: Sequence[Sequence[str]] = ()
) -> Iterator[str]:
    """Sentences on types that only one side has, or that were found but are not in gold.

    ``names`` are what the sides are called, ``known`` what each can find: what it found, if empty.
    """
    found = [side.labels for side in evaluation.sides]
    has = [set(labels) for labels in known] or [set(labels) for labels in found]
    only = [
        f"only {name} has {', '.join(sorted(labels - other))}"
        for name, labels, other in zip(names, has, reversed(has), strict=True)
        if labels - other
    ]
    if only:
        yield f"Labels differ: {'; '.join(only)}. Name the labels to count: those that both have."
    for name, labels in zip(names, found, strict=True):
        strange = sorted(set(labels) - evaluation.gold_labels)
        if strange:
            times = sum(labels[label] for label in strange)
            yield (
                f"Gold has no {', '.join(strange)}: the {times:,} that {name} found count as "
                "errors. Name the labels to count, and the others are left out."
            )


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
    gold: Sequence[Annotated], known: Sequence[str], labels: Sequence[str] | None
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
