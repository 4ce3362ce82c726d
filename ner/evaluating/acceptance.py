"""May a build pass? Limits, how the side under test did by each on a set of gold, and as JUnit.

Only a yes passes. What is undecided is an answer of its own: an error in JUnit, not a failure,
and never skipped, which most servers count as passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree  # nosec B405 - writes, never parses

from ner.errors import InputError
from ner.evaluating.report import Json, Report, verdict_json
from ner.evaluating.verdict import TOLERANCE, reaches
from ner.verdict import Answer, Verdict, gravest

# What XML 1.0 can't hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of the right side; None where nothing is.

    ``loss`` is the most points of F1 that it may lose to the left side, over 0 up to 100,
    ``label_loss`` the same for each type, and ``f1`` the least F1 it must reach: a fraction between
    0 and 1. Raises ``InputError`` for others.
    """

    loss: float | None = None
    label_loss: float | None = None
    f1: float | None = None

    def __post_init__(self) -> None:
        for points in (self.loss, self.label_loss):
            if points is not None and not 0 < points <= 100:
                raise InputError(
                    f"An accepted loss of {points:g} is none: give F1 points, over 0 and at most "
                    "100, such as 1."
                )
        if self.f1 is not None and not 0 < self.f1 < 1:
            raise InputError(
                f"A least F1 of {self.f1:g} is none: give a fraction over 0 and under 1, such as "
                "0.9."
            )

    @property
    def asked(self) -> bool:
        """Whether anything is asked at all."""
        return any(limit is not None for limit in (self.loss, self.label_loss, self.f1))

    @property
    def told(self) -> dict[str, str]:
        """Those that are asked, as a reader calls them."""
        points = {"Loss of F1 accepted": self.loss, "Loss of each type's F1": self.label_loss}
        rows = {
            name: "1 point" if limit == 1 else f"{limit:g} points"
            for name, limit in points.items()
            if limit is not None
        }
        return rows | ({} if self.f1 is None else {"Least F1": f"{self.f1:g}"})

    @property
    def tolerance(self) -> float:
        """The overall loss that a report accepts, as a fraction; the usual one if none is given."""
        return TOLERANCE if self.loss is None else self.loss / 100


@dataclass(frozen=True, slots=True)
class Check:
    """How the right side did by one limit."""

    name: str
    verdict: Verdict


@dataclass(frozen=True)
class Acceptance:
    """How it did on one set of gold, by name.

    The checks are of ``report``, which is by sentence; ``documents`` are the same texts scored as
    whole documents.
    """

    name: str
    report: Report
    documents: Report
    checks: tuple[Check, ...]

    @property
    def answer(self) -> Answer:
        """The gravest answer of its checks."""
        return gravest(check.verdict.answer for check in self.checks)


def accept(
    name: str,
    report: Report,
    documents: Report,
    limits: Limits,
    *,
    labels: Sequence[str] | None = None,
) -> Acceptance:
    """Check each limit on one scored set that has both sides.

    Types are checked each, those of ``labels`` or else those in gold: one that was named and is not
    in gold is undecided.
    """
    checks = []
    if limits.loss is not None:
        checks.append(Check("loss of F1", report.judge(None, limits.loss / 100).verdict))
    if limits.label_loss is not None:
        in_gold = [label for label in report.labels if report.evaluation.support(label)]
        checks += [
            Check(f"loss of F1 on {label}", report.judge(label, limits.label_loss / 100).verdict)
            for label in (in_gold if labels is None else labels)
        ]
    if limits.f1 is not None:
        checks.append(
            Check("F1", reaches(report.evaluation, limits.f1, name=report.origins[-1].title))
        )
    return Acceptance(name, report, documents, tuple(checks))


def acceptance_json(acceptance: Acceptance) -> Json:
    """The answer for a set, and each check's with its reason."""
    return {
        "answer": acceptance.answer.value,
        "checks": [
            {"name": check.name, **verdict_json(check.verdict)} for check in acceptance.checks
        ],
    }


def junit_xml(acceptances: Sequence[Acceptance]) -> str:
    """As JUnit XML: a suite for each set with a case for each check.

    A no is a failure, and what is undecided an error; the reason is its message.
    """
    root = ElementTree.Element("testsuites", _tally(acceptances))
    for acceptance in acceptances:
        suite = ElementTree.SubElement(
            root, "testsuite", {"name": _held(acceptance.name), **_tally([acceptance])}
        )
        properties = ElementTree.SubElement(suite, "properties")
        for side in acceptance.report.sides:
            weights = {f"{side.key} weights": side.origin.weights or ""}
            for name, value in {side.key: side.origin.name, **weights}.items():
                facts = {"name": name, "value": _held(value)}
                ElementTree.SubElement(properties, "property", facts)
        for check in acceptance.checks:
            _add_case(suite, acceptance.name, check)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _tally(acceptances: Iterable[Acceptance]) -> dict[str, str]:
    answers = [check.verdict.answer for one in acceptances for check in one.checks]
    counts = {
        "tests": len(answers),
        "failures": answers.count(Answer.NO),
        "errors": answers.count(Answer.UNDECIDED),
        "skipped": 0,
    }
    return {name: str(count) for name, count in counts.items()}


def _add_case(suite: ElementTree.Element, name: str, check: Check) -> None:
    about = {"classname": _held(name), "name": _held(check.name)}
    case = ElementTree.SubElement(suite, "testcase", about)
    sentence = _held(check.verdict.sentence)
    if check.verdict.answer is Answer.YES:
        ElementTree.SubElement(case, "system-out").text = sentence
        return
    kind = "failure" if check.verdict.answer is Answer.NO else "error"
    facts = {"type": check.verdict.answer.value, "message": sentence}
    ElementTree.SubElement(case, kind, facts).text = sentence


def _held(text: str) -> str:
    """``text`` as XML can hold it: what it can't becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
