"""What one caller wants of the entities: how words are labelled, and which entities are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ner.entities import Tagged
from ner.errors import InputError, one_of
from ner.tagging.decode import Aggregation
from ner.tagging.segments import Reading


@dataclass(frozen=True, slots=True)
class Choice:
    """Aggregation, threshold, labels and reading, checked when made and handed on whole.

    Entities that score below ``threshold``, in [0, 1], are dropped; ``labels`` are those to keep,
    None for all; ``reading`` is how long texts are read, None as the model states. Raises
    ``InputError`` for a threshold out of range. That a model knows the labels is checked where the
    two meet (:meth:`check_labels`).
    """

    aggregation: Aggregation = Aggregation.FIRST
    threshold: float = 0.0
    labels: tuple[str, ...] | None = None
    reading: Reading | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.threshold <= 1.0:
            raise InputError(f"The threshold is {self.threshold}; expected a number from 0 to 1.")

    @classmethod
    def parse(
        cls,
        aggregation: str = Aggregation.FIRST.value,
        threshold: float = 0.0,
        labels: str | Sequence[str] | None = None,
        reading: str | int = "segments",
    ) -> Choice:
        """From what people and programs write; labels as ``"PER,LOC"`` or a list of names.

        No label at all (an empty string) keeps all. ``reading`` is ``segments`` (as the model
        states), ``whole`` (as much as it can read at once, across paragraphs: what transformers'
        pipeline does) or a number of pieces. Raises ``InputError`` for an aggregation or reading
        that there is not, and for values of another type, as they come over HTTP.

        >>> Choice.parse("max", 0.5, "PER, LOC").labels
        ('PER', 'LOC')
        """
        chosen = one_of(Aggregation, aggregation, "aggregation")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float):
            raise InputError(f"The threshold is {kind(threshold)}; expected a number from 0 to 1.")
        if labels is None or isinstance(labels, str):
            parts = (part.strip() for part in (labels or "").split(","))
            labels = tuple(filter(None, parts)) or None
        elif not isinstance(labels, list | tuple) or not all(
            isinstance(name, str) for name in labels
        ):
            raise InputError('The labels are not a list of names such as ["PER", "LOC"].')
        return cls(
            chosen,
            threshold,
            None if labels is None else tuple(labels),
            Reading.chosen(reading),
        )

    @property
    def reading_name(self) -> str:
        """The reading as :meth:`parse` takes it."""
        if self.reading is None:
            return "segments"
        return str(self.reading.length) if self.reading.paragraphs else "whole"

    def check_labels(self, known: Sequence[str]) -> None:
        """Raise ``InputError`` if a label to keep is none of the model's."""
        unknown = sorted(set(self.labels or ()) - set(known))
        if unknown:
            raise InputError(
                f"The model has no label {', '.join(unknown)[:100]}. It has {', '.join(known)}."
            )

    def keep(self, tagged: Tagged) -> Tagged:
        """``tagged`` with the entities that are kept."""
        return tagged.keep(labels=self.labels, threshold=self.threshold)


def kind(value: object) -> str:
    """What ``value`` is, for a message that must not repeat it."""
    return "null" if value is None else f"of type {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class Steps:
    """How long the steps from a text to its entities took, in milliseconds.

    ``decode`` begins with probabilities: it joins pieces to words and words to entities.
    """

    tokenize: float
    infer: float
    decode: float

    @property
    def total(self) -> float:
        """All of it, in milliseconds."""
        return self.tokenize + self.infer + self.decode
