"""Both variants of a model against gold: what each finds, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ner.agreement import Agreement, align
from ner.entities import Annotated, Tagged, Tagger
from ner.errors import InputError
from ner.scores import Scores, score


@dataclass(frozen=True)
class Evaluation:
    """The counts of each sentence for both variants, in the order of gold.

    ``original`` and ``int8`` keep sentences apart, as intervals and paired tests need them;
    ``agreements`` holds both predictions aligned.
    """

    gold: tuple[Annotated, ...]
    original: tuple[Scores, ...]
    int8: tuple[Scores, ...]
    agreements: tuple[Agreement, ...]


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
    found = [
        [tagged.keep(labels=labels) for tagged in tagger.tag_many(texts)]
        for tagger in (original, int8)
    ]
    return of_predictions(gold, *found, labels=labels)


def of_predictions(
    gold: Sequence[Annotated],
    original: Sequence[Tagged],
    int8: Sequence[Tagged],
    *,
    labels: Sequence[str] | None = None,
) -> Evaluation:
    """The same from predictions that are there already, one for each gold sentence."""
    scored = [
        tuple(
            score(sentence, tagged, labels=labels)
            for sentence, tagged in zip(gold, predicted, strict=True)
        )
        for predicted in (original, int8)
    ]
    agreements = tuple(align(left, right) for left, right in zip(original, int8, strict=True))
    return Evaluation(tuple(gold), scored[0], scored[1], agreements)


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
            f"has {', '.join(known)}. Name the ones to count with --labels."
        )
