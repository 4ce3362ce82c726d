"""How far two sides agree on texts without gold: shares with intervals, by label, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ner import schema
from ner.comparing.agreement import Agreement, agreement_counts, align
from ner.comparing.origin import Origin
from ner.counts import Counts
from ner.entities import Explained
from ner.evaluating import verdict
from ner.evaluating.verdict import TOLERANCE
from ner.stats import Estimate
from ner.tagging.choice import Choice
from ner.verdict import Verdict


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """Of one label or of all: how far both sides agree, and how many entities each has.

    ``identical`` is the share of aligned entities with the same span and label; ``f1`` scores the
    right side's entities against the left one's. Both are in [0, 1], 1 where neither side found
    any; their intervals are over texts.
    """

    identical: Estimate
    f1: Estimate
    left: int
    right: int


@dataclass(frozen=True)
class AgreementReport:
    """What both sides found in each text, in order, and the loss of F1 that is accepted.

    ``choice`` is what the texts were tagged with, and ``texts`` is what they are called.
    """

    origins: tuple[Origin, Origin]
    left: tuple[Explained, ...]
    right: tuple[Explained, ...]
    tolerance: float = TOLERANCE
    choice: Choice = field(default_factory=Choice)
    texts: str | None = None

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What it is a result of; the date is that of the first time that this is asked."""
        told = schema.provenance_json(self.origins, self.choice, gold=self.texts)
        return {**told, "accepted_loss": self.tolerance}

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """Both results of each text, aligned."""
        return tuple(
            align(left.tagged, right.tagged)
            for left, right in zip(self.left, self.right, strict=True)
        )

    @property
    def verdict(self) -> Verdict:
        """Whether the right side may stand in for the left one."""
        left, right = (origin.title for origin in self.origins)
        floor = 1 - self.tolerance
        return verdict.without_gold(self.agreements, floor=floor, names=(left, right))

    @property
    def pairs(self) -> int:
        """How many aligned entities there are."""
        return sum(len(agreement.pairs) for agreement in self.agreements)

    @property
    def differences(self) -> int:
        """How many of them differ."""
        return sum(len(agreement.differences) for agreement in self.agreements)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that either side found."""
        pairs = (pair for agreement in self.agreements for pair in agreement.pairs)
        both = (side for pair in pairs for side in (pair.left, pair.right))
        return tuple(sorted({side.label for side in both if side is not None}))

    def figures(self, label: str | None = None) -> AgreementFigures:
        """The figures of one label, or of all (None)."""
        return agreement_figures(self.agreements, label)


def agreement_figures(
    agreements: Sequence[Agreement], label: str | None = None
) -> AgreementFigures:
    """How far two sides agree on texts: on one label, or on all (None)."""
    kept = [_of_label(agreement, label) for agreement in agreements]
    by_label = (item for agreement in agreements for item in agreement_counts(agreement).items())
    counts = sum((count for key, count in by_label if label in (None, key)), Counts())
    return AgreementFigures(
        verdict.identical_estimate(kept),
        verdict.agreement_estimate(agreements, label),
        counts.support,
        counts.found,
    )


def _of_label(agreement: Agreement, label: str | None) -> Agreement:
    """The pairs in which either side has the label; all of them for None."""
    if label is None:
        return agreement
    pairs = tuple(
        pair
        for pair in agreement.pairs
        if label in {side.label for side in (pair.left, pair.right) if side is not None}
    )
    return Agreement(agreement.text, pairs)


def agreement_report_json(report: AgreementReport) -> dict[str, Any]:
    """Both shares with their intervals, and for each text what ``compare`` answers."""
    figures = report.figures()
    return {
        "agreement": schema.to_json(figures.f1),
        "identical": schema.to_json(figures.identical),
        "entities": report.pairs,
        "provenance": report.provenance,
        "lines": [
            schema.agreement_json(agreement, report.origins, None)
            for agreement in report.agreements
        ],
    }
