"""May a build pass? Limits, how the right side did by each on a set of gold, and as JUnit XML.

Only a yes passes. Undecided is an answer of its own: an error in JUnit, not a failure, and never
skipped, which most servers count as passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree  # nosec B405 - writes, never parses

from ner.errors import InputError
from ner.evaluating.report import KEYS, Report
from ner.evaluating.verdicts import against_gold, reaches
from ner.schema import Json, to_json
from ner.verdict import MAX_LOSS, Answer, Verdict, gravest

_TROUBLE = {Answer.NO: "failure", Answer.UNDECIDED: "error"}
# What XML 1.0 can't hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of the right side; None where nothing is.

    ``max_loss`` is the most points of F1 that it may lose to the left side, over 0 up to 100,
    ``max_label_loss`` the same for each type, and ``min_f1`` the least F1 it must reach: a fraction
    between 0 and 1. Raises ``InputError`` for others.
    """

    max_loss: float | None = None
    max_label_loss: float | None = None
    min_f1: float | None = None

    def __post_init__(self) -> None:
        losses = {"--max-loss": self.max_loss, "--max-label-loss": self.max_label_loss}
        for name, points in losses.items():
            if points is not None and not 0 < points <= 100:
                raise InputError(
                    f"{name} must be over 0 and at most 100 F1 points, for example 1; got "
                    f"{points:g}."
                )
        if self.min_f1 is not None and not 0 < self.min_f1 < 1:
            raise InputError(
                f"--min-f1 must be between 0 and 1, for example 0.9; got {self.min_f1:g}."
            )

    @property
    def asked(self) -> bool:
        """Whether anything is asked at all."""
        return any(limit is not None for limit in (self.max_loss, self.max_label_loss, self.min_f1))

    @property
    def accepted(self) -> float:
        """The overall loss that a report accepts, in points; the usual one if none is given."""
        return MAX_LOSS if self.max_loss is None else self.max_loss


@dataclass(frozen=True)
class Gated:
    """How it did on one set of gold, by name.

    The checks are of ``report``, which is by sentence: a verdict for each limit, by its name.
    ``documents`` are the same texts scored as whole documents.
    """

    name: str
    report: Report
    documents: Report
    checks: Mapping[str, Verdict]

    @property
    def answer(self) -> Answer:
        """The gravest answer of its checks."""
        return gravest(verdict.answer for verdict in self.checks.values())

    def json(self) -> Json:
        """The answer for the set, and each check's with its reason."""
        checks = [{"name": name, **to_json(verdict)} for name, verdict in self.checks.items()]
        return {"answer": self.answer.value, "checks": checks}


def check_limits(name: str, report: Report, documents: Report, limits: Limits) -> Gated:
    """Check each limit on one scored set that has both sides; none where gold does not fit them.

    Types are checked each, those that were chosen or else those in gold: one that was chosen and is
    not in gold is undecided.
    """
    checks = {}
    if limits.max_loss is not None:
        checks["loss of F1"] = against_gold(report, None, limits.max_loss).verdict
    if limits.max_label_loss is not None:
        chosen = report.choice.labels
        for label in sorted(report.gold_labels) if chosen is None else chosen:
            judged = against_gold(report, label, limits.max_label_loss)
            checks[f"loss of F1 on {label}"] = judged.verdict
    if limits.min_f1 is not None:
        checks["F1"] = reaches(report, limits.min_f1)
    return Gated(name, report, documents, {} if report.misfit else checks)


def junit_xml(sets: Sequence[Gated]) -> str:
    """As JUnit XML: a suite for each set with a case for each check.

    A no is a failure, and an undecided one is an error; the reason is its message.
    """
    root = ElementTree.Element("testsuites", _tally(sets))
    for gated in sets:
        suite = ElementTree.SubElement(
            root, "testsuite", {"name": _held(gated.name), **_tally([gated])}
        )
        properties = ElementTree.SubElement(suite, "properties")
        for key, side in zip(KEYS, gated.report.sides, strict=False):
            weights = {f"{key} weights": side.origin.weights or ""}
            for name, value in {key: side.origin.name, **weights}.items():
                facts = {"name": name, "value": _held(value)}
                ElementTree.SubElement(properties, "property", facts)
        for name, verdict in gated.checks.items():
            about = {"classname": _held(gated.name), "name": _held(name)}
            case = ElementTree.SubElement(suite, "testcase", about)
            answer, sentence = verdict.answer, _held(verdict.sentence)
            told = {"type": answer.value, "message": sentence} if answer in _TROUBLE else {}
            kind = _TROUBLE.get(answer, "system-out")
            ElementTree.SubElement(case, kind, told).text = sentence
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _tally(sets: Iterable[Gated]) -> dict[str, str]:
    answers = [verdict.answer for one in sets for verdict in one.checks.values()]
    counts = {
        "tests": len(answers),
        "failures": answers.count(Answer.NO),
        "errors": answers.count(Answer.UNDECIDED),
        "skipped": 0,
    }
    return {name: str(count) for name, count in counts.items()}


def _held(text: str) -> str:
    """``text`` as XML can hold it: what it can't becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
