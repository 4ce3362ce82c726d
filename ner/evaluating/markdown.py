"""Evaluations as Markdown, to paste into a model card or a ticket. Figures in per cent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ner.evaluating.acceptance import Acceptance
from ner.evaluating.report import Report, ScoredSide, groups
from ner.evaluating.scores import ErrorKind
from ner.evaluating.verdict import Judgement, count_of
from ner.markup import percent
from ner.schema import provenance_rows
from ner.stats import mcnemar_p
from ner.verdict import Answer, gravest

_ANSWERS = {Answer.YES: "✅ yes", Answer.NO: "❌ no", Answer.UNDECIDED: "❔ undecided"}


def report_markdown(report: Report) -> str:
    """All of one set: the verdict, its types, each side's figures and errors."""
    parts = ["# Evaluation", *([escape(report.bias.sentence)] if report.bias else [])]
    if report.verdict is not None:
        parts += [escape(report.verdict.sentence), judgement_table(report)]
    for side in report.sides:
        parts += _side_parts(side)
    if report.verdict is not None:
        parts.append(escape(changes_sentence(report)))
    parts += map(escape, report.notes)
    parts += ["## Provenance", table(("What", "Is"), provenance_rows(report.provenance))]
    return "\n\n".join(parts) + "\n"


def _side_parts(side: ScoredSide) -> list[str]:
    """One side's figures and errors."""
    figures = [
        (
            group,
            name,
            *map(percent, (counts.precision, counts.recall, counts.f1)),
            f"{counts.support:,}",
        )
        for group, name, counts in groups(side)
    ]
    errors = [(kind.value, f"{side.total.errors.get(kind, 0):,}") for kind in ErrorKind]
    return [
        f"## {escape(side.origin.title)}",
        f"F1 with its 95 % interval: {side.f1[None].text()}; "
        f"{len(side.evaluation.gold):,} sentences.",
        table(("Group", "Name", "Precision", "Recall", "F1", "Support"), figures),
        table(("Error", "Count"), errors),
    ]


def acceptance_markdown(acceptances: Sequence[Acceptance]) -> str:
    """How one or more sets of gold were passed, for the summary of a build."""
    left, right = (side.origin for side in acceptances[0].report.sides)
    answer = gravest(acceptance.answer for acceptance in acceptances)
    parts = [
        f"## {escape(right.title)} in place of {escape(left.title)}: {_ANSWERS[answer]}",
        escape(
            f"{right.name} (weights {right.weights}) against {left.name} (weights {left.weights})"
        ),
    ]
    for acceptance in acceptances:
        checks = [
            (check.name, _ANSWERS[check.verdict.answer], check.verdict.sentence)
            for check in acceptance.checks
        ]
        parts += [
            f"### {escape(acceptance.name)}",
            table(("Check", "Answer", "Reason"), checks),
            judgement_table(acceptance.report),
            *map(escape, (changes_sentence(acceptance.report), *acceptance.report.notes)),
        ]
    return "\n\n".join(parts) + "\n"


def judgement_table(report: Report) -> str:
    """A row for all types and for each: both F1, their difference, and the answer."""
    left, right = (side.origin.title for side in report.sides)
    return table(
        ("Type", f"F1 of {left}", f"F1 of {right}", "Difference", "Entities", "Can replace"),
        [_judgement_row(judgement) for judgement in report.judgements],
    )


def changes_sentence(report: Report) -> str:
    """The errors that the right side added and removed, with the paired test."""
    added, removed = report.changes
    return (
        f"{report.origins[1].title} added {count_of(added, 'error')} and removed {removed:,} "
        f"(McNemar's exact test: p = {mcnemar_p(added, removed):.3f})."
    )


def _judgement_row(judgement: Judgement) -> tuple[str, ...]:
    return (
        judgement.label or "all types",
        judgement.left.text(),
        judgement.right.text(),
        judgement.difference.text(sign=True),
        f"{judgement.entities:,}",
        _ANSWERS[judgement.verdict.answer],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of plain texts as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(escape, line))} |" for line in lines)


def escape(text: str) -> str:
    """A text that stays inside its cell, and is no markup."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", " ".join(text.split()))
