"""An evaluation as the page shows it: a verdict, and tables whose numbers open their sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ner.counts import Counts
from ner.entities import Entity
from ner.evaluating.breakdown import BUCKETS, Decision, buckets
from ner.evaluating.report import Report, ScoredSide, errors_csv, figures_csv, markdown, report_json
from ner.evaluating.scores import OUTSIDE, ErrorKind, conlleval
from ner.evaluating.semeval import Outcomes
from ner.render import colour_classes, escape, notice
from ner.stats import mcnemar_p
from ner.ui.dots import Dot, dot_chart
from ner.ui.result import Value
from ner.ui.tables import (
    Query,
    between,
    downloads,
    head,
    number,
    percent,
    row,
    section,
    table,
    verdict_line,
)

ALL_TYPES = "all types"

_ERRORS = {
    ErrorKind.MISSED: "Missed: in gold, and nothing found there",
    ErrorKind.SPURIOUS: "Spurious: found, and nothing there in gold",
    ErrorKind.BOUNDARY: "Boundary: right type, begins or ends elsewhere",
    ErrorKind.TYPE: "Type: found there as another type",
}


def evaluation_value(report: Report, hints: Sequence[str] = ()) -> Value:
    """The result component's value; ``hints`` are sentences that stand on top."""
    files = {
        "evaluation.json": json.dumps(report_json(report), ensure_ascii=False, allow_nan=False),
        "evaluation.csv": figures_csv(report),
        "errors.csv": errors_csv(report),
        "evaluation.md": markdown(report),
    }
    parts = [
        *map(notice, hints),
        "" if report.verdict is None else verdict_line(report.verdict),
        downloads(files),
        section("Scores", _SCORES, _score_table(report)),
        section("F1 by type", _CHART, _chart(report)),
        section("Errors", _changes(report), _error_table(report)),
        section("Confusion of types", _CONFUSION, _confusions(report)),
        section("Where it is hard", _BUCKETS, _bucket_table(report)),
        section("Partial credit", _PARTIAL, _scheme_table(report)),
        section("As conlleval prints it", "", _conlleval(report)),
    ]
    data = {"kind": "gold", "files": files, **_behind(report)}
    return {"html": "".join(parts), "data": json.dumps(data, allow_nan=False)}


_SCORES = (
    "In per cent, with the 95 % interval of F1. An entity is right when span and type are. Press "
    "a number to read the sentences behind it: of precision what was found, of recall what is gold."
)
_CHART = "In per cent, with 95 % intervals; the same numbers as in the table above."
_CONFUSION = (
    "Rows: the type in gold; columns: the type found there; O: none. Cells count entities; the "
    "stronger their ground, the larger their share of the row. Right ones are on the diagonal."
)
_BUCKETS = "By length, in gold tokens, and casing; in per cent."
_PARTIAL = (
    "In per cent, by the four schemes of SemEval-2013 task 9. Strict: span and type. Exact: span. "
    "Partial: span, half for an overlap. Type: type, with any overlap."
)


def _score_table(report: Report) -> str:
    rows = [_score_row(report, one or ALL_TYPES, one) for one in (None, *report.labels)]
    columns = ["Precision", "Recall", "F1"] * len(report.sides)
    heads = [_side_heads(report, 3, last=""), head(["Type", *columns, "Gold entities"])]
    return table("Scores", heads, rows)


def _titles(report: Report) -> list[str]:
    return [origin.title for origin in report.origins]


def _side_heads(report: Report, span: int, *, last: str | None = None) -> str:
    names = "".join(
        f'<th scope="colgroup" colspan="{span}">{escape(title)}</th>' for title in _titles(report)
    )
    return f"<tr><td></td>{names}{'' if last is None else '<td></td>'}</tr>"


def _score_row(report: Report, name: str, label: str | None) -> str:
    cells = []
    for side in report.sides:
        counts = side.counts(label)
        of = {"side": side.key}
        what = f"{side.origin.title}, {name}"
        cells += [
            number(percent(counts.precision), {**of, "found": label or "*"}, f"{what}, precision"),
            number(percent(counts.recall), {**of, "gold": label or "*"}, f"{what}, recall"),
            number(
                percent(counts.f1),
                {**of, "label": label or "*"},
                f"{what}, F1",
                between(side.intervals[label]),
            ),
        ]
    query = {"side": "left", "gold": label or "*"}
    cells.append(number(f"{counts.support:,}", query, f"{name}, entities in gold"))
    return row(escape(name), cells)


def _chart(report: Report) -> str:
    rows = []
    for label in (None, *report.labels):
        dots = []
        for side in report.sides:
            counts = side.counts(label)
            dots.append(Dot(counts.f1, side.intervals[label]))
        rows.append((label or ALL_TYPES, dots))
    return dot_chart("F1 by type", "F1 in per cent", _titles(report), rows)


def _changes(report: Report) -> str:
    if len(report.sides) < 2:
        return "What is wrong, by kind."
    added, removed = report.changes
    p = mcnemar_p(added, removed)
    verdict = "a difference" if p < 0.05 else "no difference shown"
    left, right = _titles(report)
    return (
        f"{right} adds {added:,} errors to those of {left} and removes "
        f"{removed:,}: {verdict} (McNemar's exact test, p = {p:.3f}, n = {added + removed:,})."
    )


def _error_table(report: Report) -> str:
    rows = [
        row(
            escape(said),
            [
                number(
                    f"{side.total.errors.get(kind, 0):,}",
                    {"side": side.key, "error": kind.value},
                    f"{side.origin.title}, {kind.value}",
                )
                for side in report.sides
            ],
        )
        for kind, said in _ERRORS.items()
    ]
    if len(report.sides) == 2:
        changed = [
            number(
                f"{count:,}",
                {"side": side.key, "error": "wrong", "changed": True},
                f"{side.origin.title} only",
            )
            for side, count in zip(report.sides, reversed(report.changes), strict=True)
        ]
        rows.append(row("Only here: the other one gets it right", changed))
    return table("Errors", [head(["Kind", *_titles(report)])], rows)


def _confusions(report: Report) -> str:
    return (
        '<div class="beside-each-other">'
        + "".join(_confusion(side) for side in report.sides)
        + "</div>"
    )


def _confusion(side: ScoredSide) -> str:
    found = side.total.confusion
    types = [*sorted({label for pair in found for label in pair} - {OUTSIDE}), OUTSIDE]
    rows = []
    for gold in types:
        among = sum(found.get((gold, other), 0) for other in types) or 1
        cells = []
        for other in types:
            count = found.get((gold, other), 0)
            query = {"side": side.key, "gold": gold, "found": other}
            what = f"{side.origin.title}, {gold} in gold found as {other}"
            cell = number(f"{count:,}", query if count else None, what)
            # The ground stays light enough to read upon.
            shade = f'<td style="--share:{round(count / among, 2)}"'
            cells.append(cell.replace("<td", shade, 1))
        rows.append(row(escape(gold), cells))
    heads = head([f"{side.origin.title}: gold ↓ found →", *types])
    return table(f"Confusion of types, {side.origin.title}", [heads], rows).replace(
        "<table>", '<table class="confusion">', 1
    )


def _bucket_table(report: Report) -> str:
    rows = []
    for dimension, names in BUCKETS.items():
        for name in names:
            counts = [(side, side.buckets[dimension].get(name, Counts())) for side in report.sides]
            if any(any(one.row) for *_, one in counts):
                rows.append(row(escape(f"{dimension}: {name}"), _bucket_cells(counts, name)))
    columns = ["Precision", "Recall", "F1"] * len(report.sides)
    heads = [_side_heads(report, 3, last=""), head(["Bucket", *columns, "Gold entities"])]
    return table("Buckets", heads, rows)


def _bucket_cells(counts: Sequence[tuple[ScoredSide, Counts]], bucket: str) -> list[str]:
    cells = []
    for side, one in counts:
        of: Query = {"side": side.key, "bucket": bucket}
        what = f"{side.origin.title}, {bucket}"
        cells += [
            number(percent(one.precision), {**of, "found": "*"}, f"{what}, precision"),
            number(percent(one.recall), {**of, "gold": "*"}, f"{what}, recall"),
            number(percent(one.f1), {**of, "label": "*"}, f"{what}, F1"),
        ]
    gold = {"side": "left", "bucket": bucket, "gold": "*"}
    return [*cells, number(f"{one.support:,}", gold, f"{bucket}, entities in gold")]


def _scheme_table(report: Report) -> str:
    rows = []
    for scheme in ("strict", "exact", "partial", "type"):
        cells = []
        for side in report.sides:
            one: Outcomes = getattr(side.total.semeval, scheme)
            of = {"side": side.key}
            what = f"{side.origin.title}, {scheme}"
            cells += [
                number(percent(one.precision), {**of, "found": "*"}, f"{what}, precision"),
                number(percent(one.recall), {**of, "gold": "*"}, f"{what}, recall"),
                number(percent(one.f1), {**of, "label": "*"}, f"{what}, F1"),
            ]
        rows.append(row(scheme, cells))
    columns = ["Precision", "Recall", "F1"] * len(report.sides)
    return table("Partial credit", [_side_heads(report, 3), head(["Scheme", *columns])], rows)


def _conlleval(report: Report) -> str:
    return "".join(
        f"<details><summary>{escape(side.origin.title)}</summary>"
        f'<pre tabindex="0">{escape(conlleval(side.total))}</pre></details>'
        for side in report.sides
    )


def _behind(report: Report) -> dict[str, Any]:
    """The sentences, and each side's decisions in the form that the page's script filters."""
    sentences = report.evaluation.gold
    return {
        "sentences": [one.tagged.text for one in sentences],
        "classes": colour_classes(report.labels),
        "sides": [
            {
                "side": side.key,
                "name": side.origin.title,
                "decisions": [_decision(one, report) for one in side.decisions],
            }
            for side in report.sides
        ],
    }


def _decision(one: Decision, report: Report) -> list[Any]:
    """``[sentence, gold, found, error, changed]``; a side is ``[start, end, label, buckets]``."""

    def side(entity: Entity | None) -> list[Any] | None:
        if entity is None:
            return None
        named = buckets(entity, report.evaluation.gold[one.sentence])
        return [entity.start, entity.end, entity.label, list(named.values())]

    error = None if one.error is None else one.error.value
    return [one.sentence, side(one.gold), side(one.predicted), error, one.changed]
