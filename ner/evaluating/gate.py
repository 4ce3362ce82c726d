"""May a build pass? Limits, how the right side did by each on a set of gold, and as JUnit XML.

Only a yes passes. Undecided is an answer of its own: an error in JUnit, not a failure, and never
skipped, which most servers count as passed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property

from ner.evaluating.report import KEYS, Report
from ner.evaluating.verdicts import against_gold, reaches
from ner.markup import render
from ner.schema import Json, to_json
from ner.verdict import Answer, Verdict, check_limit, check_max_loss, gravest

# What XML 1.0 can't hold, escaped or not; it becomes U+FFFD.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of the right side; None where nothing is.

    ``max_loss`` is the most points of F1 that it may lose to the left side, over 0 and under 100,
    ``max_label_loss`` the same for each type, and ``min_f1`` the least F1 it must reach: a fraction
    between 0 and 1. Raises ``InputError`` for others.
    """

    max_loss: float | None = None
    max_label_loss: float | None = None
    min_f1: float | None = None

    def __post_init__(self) -> None:
        check_max_loss(self.max_loss, "--max-loss")
        check_max_loss(self.max_label_loss, "--max-label-loss")
        check_limit("--min-f1", self.min_f1, 1, "0.9")

    @property
    def asked(self) -> bool:
        """Whether anything is asked at all."""
        return any(limit is not None for limit in astuple(self))


@dataclass(frozen=True)
class Gated:
    """How it did on one scored set of gold that has both sides.

    ``report``, which the limits are held against, is by sentence; ``documents`` are the same texts
    scored as whole documents.
    """

    report: Report
    documents: Report
    limits: Limits

    @cached_property
    def checks(self) -> dict[str, Verdict]:
        """A verdict for each limit, by its name; none where gold does not fit.

        Types are checked each, those that were chosen or else those in gold: one that was chosen
        and is not in gold is undecided.
        """
        report, limits = self.report, self.limits
        checks: dict[str, Verdict] = {}
        if report.misfit:
            return checks
        if limits.max_loss is not None:
            checks["loss of F1"] = against_gold(report, None, limits.max_loss).verdict
        if limits.max_label_loss is not None:
            chosen = report.choice.labels
            for label in sorted(report.gold_labels) if chosen is None else chosen:
                judged = against_gold(report, label, limits.max_label_loss)
                checks[f"loss of F1 on {label}"] = judged.verdict
        if limits.min_f1 is not None:
            checks["F1"] = reaches(report, limits.min_f1)
        return checks

    @property
    def name(self) -> str:
        """What the set is called."""
        return self.report.name or ""

    @property
    def answers(self) -> list[Answer]:
        """Those of its checks."""
        return [verdict.answer for verdict in self.checks.values()]

    @property
    def answer(self) -> Answer:
        """The gravest answer of its checks."""
        return gravest(self.answers)

    def json(self) -> Json:
        """The answer for the set, and each check's with its reason."""
        checks = [{"name": name, **to_json(verdict)} for name, verdict in self.checks.items()]
        return {"answer": self.answer.value, "checks": checks}


def junit_xml(sets: Sequence[Gated]) -> str:
    """As JUnit XML: a suite for each set with a case for each check.

    A no is a failure, and an undecided one is an error; the reason is its message.
    """
    written = render("ner.evaluating", "junit.jinja", sets=sets, keys=KEYS)
    return _NOT_XML.sub("\ufffd", written)
