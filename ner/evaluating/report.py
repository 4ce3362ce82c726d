"""An evaluation for people and programs: JSON, CSV and Markdown, all from the same figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ner.comparing.agreement import Agreement, agreement_f1
from ner.counts import Counts
from ner.entities import Entity
from ner.evaluating import verdict
from ner.evaluating.breakdown import Decision, bucket_counts, decisions
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.scores import ErrorKind, Scores, conlleval, total
from ner.evaluating.verdict import TOLERANCE, Verdict
from ner.models.recipes import Variant
from ner.spreadsheet import write_csv
from ner.stats import Interval, f1_difference_interval, f1_interval, mcnemar_p

Json = dict[str, Any]
MODELS = ("Original", "INT8")

_FILE_KEYS = {"original": "first", "int8": "second"}


@dataclass(frozen=True)
class Report:
    """An evaluation with what its two sides are called, and the loss of F1 that is accepted.

    ``names`` are those of both sides; one name alone means that there is only the first.
    """

    evaluation: Evaluation
    names: tuple[str, ...] = MODELS
    tolerance: float = TOLERANCE

    @property
    def sides(self) -> tuple[tuple[Variant, str], ...]:
        """The sides that there are, with their names."""
        return tuple(zip(Variant, self.names, strict=False))

    @cached_property
    def verdict(self) -> Verdict | None:
        """Whether the second side may stand in for the first; None without a second."""
        if len(self.names) < 2:
            return None
        first, second = self.names
        names = (first if self.from_files else "the original", second)
        return verdict.against_gold(self.evaluation, tolerance=self.tolerance, names=names)

    @property
    def from_files(self) -> bool:
        """Whether the sides are files and not the two variants of a model."""
        return self.names[0] != MODELS[0]

    def scores(self, variant: Variant) -> tuple[Scores, ...]:
        """The scores of one side, sentence by sentence."""
        first = variant is Variant.ORIGINAL
        return self.evaluation.original if first else self.evaluation.int8

    @cached_property
    def totals(self) -> dict[Variant, Scores]:
        """The summed scores of each side."""
        return {variant: total(self.scores(variant)) for variant, _ in self.sides}

    @cached_property
    def decisions(self) -> dict[Variant, tuple[Decision, ...]]:
        """The decisions behind each side's figures."""
        return {variant: tuple(decisions(self.evaluation, variant)) for variant, _ in self.sides}

    @cached_property
    def buckets(self) -> dict[Variant, dict[str, dict[str, Counts]]]:
        """For each side, the counts of each bucket by dimension."""
        return {variant: bucket_counts(self.evaluation, variant) for variant, _ in self.sides}

    @property
    def changes(self) -> tuple[int, int]:
        """How many errors the second side added to the first's, and how many it removed."""
        changes = self.evaluation.changes
        return sum(len(one.added) for one in changes), sum(len(one.removed) for one in changes)

    @cached_property
    def intervals(self) -> dict[tuple[Variant, str | None], Interval]:
        """The 95 % intervals of F1, of each side and type; under None of all types."""
        found: dict[tuple[Variant, str | None], Interval] = {}
        for variant, _ in self.sides:
            scores = self.scores(variant)
            found[variant, None] = f1_interval([one.micro.row for one in scores])
            for label in self.labels:
                rows = [one.strict.get(label, Counts()).row for one in scores]
                found[variant, label] = f1_interval(rows)
        return found

    @property
    def labels(self) -> tuple[str, ...]:
        """The types in gold or in any of the sides."""
        return tuple(sorted(set().union(*(one.strict for one in self.totals.values()))))


def report_json(report: Report) -> Json:
    """The command line's JSON of ``evaluate`` (``ner.schema``), and what explains it.

    ``changes`` are the errors that INT8 added and removed, with the p of McNemar's exact test;
    ``details`` has each side's kinds of error, confusion, buckets and conlleval text. The sides of
    files are called ``first`` and ``second``.
    """
    evaluation = report.evaluation
    figures = evaluation_json(evaluation.original, evaluation.int8, evaluation.agreements)
    details = {variant.value: _details(report, variant) for variant, _ in report.sides}
    answer: Json = {"sentences": len(evaluation.gold)}
    if report.verdict is None:
        answer |= {"original": figures["original"], "details": details}
    else:
        added, removed = report.changes
        answer |= {
            **figures,
            "verdict": {
                "answer": report.verdict.answer.value,
                "sentence": report.verdict.sentence,
                "tolerance": report.tolerance,
            },
            "changes": {
                "added": added,
                "removed": removed,
                "p": round(mcnemar_p(added, removed), 6),
            },
            "details": details,
        }
    if not report.from_files:
        return answer
    renamed = {_FILE_KEYS.get(key, key): value for key, value in answer.items()}
    renamed["details"] = {_FILE_KEYS[key]: value for key, value in details.items()}
    return {"names": list(report.names), **renamed}


def _details(report: Report, variant: Variant) -> Json:
    scores = report.totals[variant]
    return {
        "errors": {kind.value: scores.errors.get(kind, 0) for kind in ErrorKind},
        "confusion": [
            {"gold": gold, "predicted": predicted, "entities": count}
            for (gold, predicted), count in sorted(scores.confusion.items())
        ],
        "buckets": {
            dimension: {name: _figures(counts) for name, counts in rows.items()}
            for dimension, rows in report.buckets[variant].items()
        },
        "conlleval": conlleval(scores),
    }


def figures_csv(report: Report) -> str:
    """One row for each figure of each side: overall, per type, and per bucket. F1 are fractions."""
    head = ("side", "group", "name", "precision", "recall", "f1", "support", "tp", "fp", "fn")
    rows = [
        (name, group, key, *(f"{value:.6f}" for value in _prf(counts)), counts.support, *counts.row)
        for variant, name in report.sides
        for group, key, counts in _groups(report, variant)
    ]
    return write_csv([head, *rows])


def errors_csv(report: Report) -> str:
    """One row for each error of each side, with its sentence; sentences count from 1.

    ``changed`` tells whether the other side does not make the error; offsets are half-open code
    points of the sentence.
    """
    head = ("side", "error", "changed", "sentence", *_ENTITY_COLUMNS, "text")
    rows = []
    for variant, name in report.sides:
        for one in report.decisions[variant]:
            if one.error is not None:
                text = report.evaluation.gold[one.sentence].tagged.text
                both = (*_cells(one.gold, text), *_cells(one.predicted, text))
                changed = "yes" if one.changed else "no"
                rows.append((name, one.error.value, changed, one.sentence + 1, *both, text))
    return write_csv([head, *rows])


_ENTITY_COLUMNS = tuple(
    f"{side}_{column}" for side in ("gold", "found") for column in ("start", "end", "label", "text")
)


def _cells(entity: Entity | None, text: str) -> tuple[object, ...]:
    if entity is None:
        return ("", "", "", "")
    return entity.start, entity.end, entity.label, text[entity.start : entity.end]


def _groups(report: Report, variant: Variant) -> Iterator[tuple[str, str, Counts]]:
    scores = report.totals[variant]
    yield "overall", "all types", scores.micro
    for label in sorted(scores.strict):
        yield "type", label, scores.strict[label]
    for dimension, rows in report.buckets[variant].items():
        for name, counts in rows.items():
            yield dimension, name, counts


def _prf(counts: Counts) -> tuple[float, float, float]:
    return counts.precision, counts.recall, counts.f1


def markdown(report: Report) -> str:
    """The report to paste into a model card or a ticket. Figures in per cent."""
    parts = ["# Evaluation", *([report.verdict.sentence] if report.verdict else [])]
    for variant, name in report.sides:
        interval = report.intervals[variant, None]
        parts += [
            f"## {_cell(name)}",
            f"F1 95 % interval: {_percent(interval.low)} to {_percent(interval.high)}; "
            f"{len(report.evaluation.gold):,} sentences.",
            _table(
                ("Group", "Name", "Precision", "Recall", "F1", "Support"),
                [
                    (group, name, *map(_percent, _prf(counts)), f"{counts.support:,}")
                    for group, name, counts in _groups(report, variant)
                ],
            ),
            _table(
                ("Error", "Count"),
                [
                    (kind.value, f"{report.totals[variant].errors.get(kind, 0):,}")
                    for kind in ErrorKind
                ],
            ),
        ]
    if report.verdict is not None:
        added, removed = report.changes
        parts.append(
            f"{_cell(report.names[1])} added {added:,} errors and removed {removed:,} "
            f"(McNemar's exact test: p = {mcnemar_p(added, removed):.3f})."
        )
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """A text that stays inside its cell, and is no markup."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", " ".join(text.split()))


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def evaluation_json(
    original: Sequence[Scores], int8: Sequence[Scores], agreements: Sequence[Agreement]
) -> Json:
    """What ``evaluate`` answers for one file; the arguments are per sentence.

    ``difference`` is INT8's F1 minus the original's with its paired 95 % bootstrap interval.
    """
    rows = [[one.micro.row for one in side] for side in (original, int8)]
    gap = f1_difference_interval(*rows)
    change = total(int8).micro.f1 - total(original).micro.f1
    return {
        "original": scores_json(original),
        "int8": scores_json(int8),
        "agreement": round(agreement_f1(agreements), 6),
        "difference": {"f1": _r(change), "low": _r(gap.low), "high": _r(gap.high)},
    }


def scores_json(per_sentence: Sequence[Scores]) -> Json:
    """Strict figures overall and per type, the F1's 95 % interval, exact and partial beside it."""
    scores = total(per_sentence)
    interval = f1_interval([one.micro.row for one in per_sentence])
    return {
        **_figures(scores.micro),
        "f1_low": _r(interval.low),
        "f1_high": _r(interval.high),
        "exact_f1": _r(scores.exact_micro.f1),
        "per_type": {label: _figures(scores.strict[label]) for label in sorted(scores.strict)},
        "partial": {
            scheme: {
                "precision": _r(outcomes.precision),
                "recall": _r(outcomes.recall),
                "f1": _r(outcomes.f1),
            }
            for scheme, outcomes in (
                ("strict", scores.semeval.strict),
                ("exact", scores.semeval.exact),
                ("partial", scores.semeval.partial),
                ("type", scores.semeval.type),
            )
        },
    }


def set_name(name: str, settings: Mapping[str, Any]) -> str:
    """A set of a recorded evaluation, with what was special about it: (PER, LOC; lower-cased)."""
    details = [", ".join(settings["labels"])] if settings.get("labels") else []
    details += ["lower-cased"] if settings.get("lowercase") else []
    return f"{name} ({'; '.join(details)})" if details else name


def _figures(counts: Counts) -> Json:
    return {
        "precision": _r(counts.precision),
        "recall": _r(counts.recall),
        "f1": _r(counts.f1),
        "support": counts.support,
    }


def _r(value: float) -> float:
    return round(value, 6)
