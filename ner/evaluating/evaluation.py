"""Both variants of a model against gold: what each finds, and how far they agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import starmap

from ner.comparing.agreement import Agreement, align
from ner.entities import Annotated, Entity, Tagged, Tagger
from ner.errors import InputError
from ner.evaluating.scores import Changes, Scores, find_changes, score, total
from ner.stats import Interval, f1_difference_interval


@dataclass(frozen=True)
class Evaluation:
    """The counts of each sentence for both variants, in the order of gold.

    ``original`` and ``int8`` keep sentences apart, as intervals and paired tests need them;
    ``agreements`` holds both predictions aligned. Only labels that count are in any of the four.
    """

    gold: tuple[Annotated, ...]
    original: tuple[Scores, ...]
    int8: tuple[Scores, ...]
    agreements: tuple[Agreement, ...]

    @cached_property
    def changes(self) -> tuple[Changes, ...]:
        """For each sentence, the errors that INT8 added and those that it removed."""
        return tuple(
            find_changes(gold, both.original, both.int8)
            for gold, both in zip(self.gold, self.agreements, strict=True)
        )

    @property
    def gap(self) -> float:
        """INT8's F1 minus the original's."""
        return total(self.int8).micro.f1 - total(self.original).micro.f1

    @cached_property
    def gap_interval(self) -> Interval:
        """The paired 95 % bootstrap interval of ``gap``."""
        rows = [[one.micro.row for one in side] for side in (self.original, self.int8)]
        return f1_difference_interval(*rows)


def evaluate(
    gold: Sequence[Annotated],
    original: Tagger,
    int8: Tagger,
    *,
    labels: Sequence[str] | None = None,
) -> Evaluation:
    """Tag each gold text with both and score the results; ``labels`` None counts all types.

    Raises ``InputError`` if gold has types that the model does not know, so that nothing is scored
    in silence: name the ones to count in ``labels``.
    """
    _check_labels(gold, original.labels, labels)
    texts = [sentence.tagged.text for sentence in gold]
    return of_predictions(gold, original.tag_many(texts), int8.tag_many(texts), labels=labels)


def of_predictions(
    gold: Sequence[Annotated],
    original: Sequence[Tagged],
    int8: Sequence[Tagged],
    *,
    labels: Sequence[str] | None = None,
) -> Evaluation:
    """The same from predictions that are there already, one for each gold sentence."""
    counted = [replace(one, tagged=one.tagged.keep(labels=labels)) for one in gold]
    first, second = ([one.keep(labels=labels) for one in side] for side in (original, int8))
    return Evaluation(
        gold=tuple(counted),
        original=tuple(starmap(score, zip(counted, first, strict=True))),
        int8=tuple(starmap(score, zip(counted, second, strict=True))),
        agreements=tuple(starmap(align, zip(first, second, strict=True))),
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
        _onto(right, one, number)
        for number, (right, one) in enumerate(zip(gold, given, strict=True), start=1)
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
        Entity(starts[one.start], ends[one.end], one.label, one.score)
        for one in given.tagged.entities
    )
    return Tagged(gold.tagged.text, tuple(moved))


def lower_cased(gold: Sequence[Annotated]) -> list[Annotated]:
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
        )
