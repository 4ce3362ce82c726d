"""How well a contestant finds what the original finds, and what is in gold, on the same texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ner.counts import Counts, strict_counts
from ner.entities import Annotated, Tagged
from ner.evaluating.evaluation import score_predictions
from ner.schema import to_json
from ner.stats import Estimate, f1_estimate


class TagsMany(Protocol):
    """Whatever finds the entities of texts."""

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Results in the order given."""


@dataclass(frozen=True)
class Score:
    """Strict counts of each text, in order, and the F1 of their sum."""

    texts: tuple[Counts, ...]

    @cached_property
    def f1(self) -> Estimate:
        """In [0, 1], resampling texts; 1.0 where nothing was to be found and nothing was."""
        return f1_estimate([counts.row for counts in self.texts], of_nothing=1.0)

    @property
    def entities(self) -> int:
        """How many there were to be found."""
        return sum(counts.support for counts in self.texts)


@dataclass(frozen=True)
class Accuracy:
    """One contestant on the texts.

    ``bytes_on_disk`` of its network; ``agreement`` is scored with the original's entities as gold:
    a pipeline reads long texts in another way than ours, so even one of the same network need not
    reach 1. ``gold`` is None where there is none.
    """

    bytes_on_disk: int
    agreement: Score
    gold: Score | None = None


def judge(
    contestant: TagsMany,
    bytes_on_disk: int,
    wanted: Sequence[Tagged],
    gold: Sequence[Annotated] = (),
    *,
    labels: Sequence[str] | None = None,
) -> Accuracy:
    """The accuracy on the texts of ``wanted``, which is what the original found in them.

    ``gold`` annotates the same texts, in order; of it only ``labels`` count (None: all).
    """
    found = contestant.tag_many([tagged.text for tagged in wanted])
    agreement = _agreement(wanted, found)
    if not gold:
        return Accuracy(bytes_on_disk, agreement)
    # As ``evaluate`` scores: spans widened to whole gold tokens, then strict.
    scores = score_predictions(gold, found, labels=labels).left
    return Accuracy(bytes_on_disk, agreement, Score(tuple(text.micro for text in scores)))


def _agreement(wanted: Sequence[Tagged], found: Sequence[Tagged]) -> Score:
    pairs = zip(wanted, found, strict=True)
    return Score(tuple(sum(strict_counts(*pair).values(), Counts()) for pair in pairs))


def accuracy_json(judged: Mapping[str, Accuracy]) -> dict[str, dict[str, Any]]:
    """By contestant; F1 are fractions, ``f1`` is there where there is gold."""
    return {
        name: {
            "bytes": found.bytes_on_disk,
            **_score_json("agreement", found.agreement),
            **({} if found.gold is None else _score_json("f1", found.gold)),
        }
        for name, found in judged.items()
    }


def _score_json(name: str, score: Score) -> dict[str, Any]:
    return {name: to_json(score.f1), f"{name}_entities": score.entities}
