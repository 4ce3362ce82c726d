"""What tab 'Evaluate' shows: plain values for its templates, and data for its script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ner.colours import colour_classes
from ner.counts import Counts
from ner.entities import Entity
from ner.evaluating.breakdown import BUCKETS, Decision, buckets, threshold_curve
from ner.evaluating.markdown import report_markdown
from ner.evaluating.report import (
    KEYS,
    Report,
    ScoredSide,
    errors_csv,
    figures_csv,
    report_json,
)
from ner.evaluating.scores import OUTSIDE, ErrorKind, conlleval
from ner.evaluating.semeval import Outcomes
from ner.evaluating.verdict import Judgement
from ner.markup import Cell, percent, render
from ner.stats import Estimate, mcnemar_p
from ner.ui.progress import Value
from ner.ui.views.agreement import agreement_table
from ner.ui.views.charts import dot_chart
from ner.ui.views.curves import best_sentences, threshold_charts
from ner.ui.views.tables import (
    Row,
    Table,
    basis,
    estimate_cell,
)
from ner.verdict import Answer

# Which decisions a number stands for; those match that fit all of it. ``side`` is a key of the
# report's JSON; ``gold`` and ``found`` are a label, * for any, O for none; ``error`` is a kind,
# 'right' or 'wrong'; ``changed`` asks for what the other side does not get wrong; ``bucket`` names
# one.
_Query = dict[str, Any]

_ALL_TYPES = "all types"
_FIGURES = ("Precision", "Recall", "F1")
_ERRORS = {
    ErrorKind.MISSED: "Missed: in gold, and nothing found there",
    ErrorKind.SPURIOUS: "Spurious: found, and nothing there in gold",
    ErrorKind.BOUNDARY: "Boundary: right type, begins or ends elsewhere",
    ErrorKind.TYPE: "Type: found there as another type",
}
_ANSWERS = {Answer.YES: "yes", Answer.NO: "no", Answer.UNDECIDED: "undecided"}


def evaluation_value(report: Report, hints: Sequence[str] = ()) -> Value:
    """The result component's value; ``hints`` are sentences that stand on top."""
    files = {
        "evaluation.json": json.dumps(report_json(report), ensure_ascii=False, allow_nan=False),
        "evaluation.csv": figures_csv(report),
        "errors.csv": errors_csv(report),
        "evaluation.md": report_markdown(report),
    }
    html = render(
        "ner.ui",
        "evaluate.html",
        hints=[*hints, *report.notes],
        bias=report.bias,
        titles=_titles(report),
        verdict=report.verdict,
        files=list(files),
        provenance=basis(report.provenance),
        judgements=_judgement_table(report),
        scores=_score_table(report),
        chart=_chart(report),
        changes=_changes(report),
        curves=_curves(report),
        agreement=_agreement(report),
        errors=_error_table(report),
        confusions=[_confusion_table(side) for side in report.sides],
        buckets=_bucket_table(report),
        schemes=_scheme_table(report),
        conlleval=[(side.origin.title, conlleval(side.total)) for side in report.sides],
    )
    data = {"kind": "gold", "files": files, **_sentences(report)}
    return {"html": html, "data": json.dumps(data, allow_nan=False)}


def _titles(report: Report) -> tuple[str, ...]:
    return tuple(origin.title for origin in report.origins)


def _figure_cells(
    side: ScoredSide,
    figures: Counts | Outcomes,
    name: str,
    *,
    query: _Query | None = None,
    label: str = "*",
    f1: Estimate | None = None,
) -> tuple[Cell, Cell, Cell]:
    """Precision, recall and F1 of a side; ``query`` narrows what they open."""
    of = {"side": side.key, **(query or {})}
    what = f"{side.origin.title}, {name}"
    small = f1.range() if f1 is not None and f1.known else ""
    return (
        Cell(percent(figures.precision), {**of, "found": label}, f"{what}, precision"),
        Cell(percent(figures.recall), {**of, "gold": label}, f"{what}, recall"),
        Cell(percent(figures.f1), {**of, "label": label}, f"{what}, F1", small),
    )


def _gold_cell(counts: Counts, name: str, query: _Query) -> Cell:
    """How many entities gold has: the same for each side."""
    return Cell(f"{counts.support:,}", {"side": KEYS[0], **query}, f"{name}, entities in gold")


def _side_table(report: Report, name: str, first: str, rows: Sequence[Row], total: str) -> Table:
    """Three figures of each side, and ``total``, the head of one more column unless empty."""
    columns = (first, *_FIGURES * len(report.sides), *([total] if total else []))
    return Table(name, columns, tuple(rows), _titles(report), bool(total))


def _judgement_table(report: Report) -> Table | None:
    """Whether the right side may stand in, for each type and for all, with both F1 beside it."""
    if not report.judgements:
        return None
    columns = ("Type", *_titles(report), "Difference", "Gold entities", "Can replace")
    rows = tuple(
        Row(judgement.label or _ALL_TYPES, _judgement_cells(judgement))
        for judgement in report.judgements
    )
    return Table("Verdict by type", columns, rows)


def _judgement_cells(judgement: Judgement) -> tuple[Cell, ...]:
    difference, given = judgement.difference, judgement.verdict
    about = "" if given.more is None else f"about {given.more:,} more would settle it"
    return (
        estimate_cell(judgement.left),
        estimate_cell(judgement.right),
        estimate_cell(difference, sign=True),
        Cell(f"{judgement.entities:,}"),
        Cell(_ANSWERS[given.answer], small=about),
    )


def _curves(report: Report) -> dict[str, Any]:
    """The charts over the threshold, and in words where each side is best."""
    evaluation = report.evaluation
    curves = [threshold_curve(evaluation.gold, found) for found in evaluation.found]
    titles = _titles(report)
    return {"charts": threshold_charts(titles, curves), "best": best_sentences(titles, curves)}


def _agreement(report: Report) -> Table | None:
    """How far both sides agree on the texts of the set, whatever gold says."""
    if len(report.sides) < 2:
        return None
    return agreement_table(report.evaluation.agreements, report.origins, report.labels)


def _score_table(report: Report) -> Table:
    rows = []
    for label in (None, *report.labels):
        name, wanted = label or _ALL_TYPES, label or "*"
        cells: list[Cell] = []
        for side in report.sides:
            cells += _figure_cells(side, side.counts(label), name, label=wanted, f1=side.f1[label])
        gold = _gold_cell(report.sides[0].counts(label), name, {"gold": wanted})
        rows.append(Row(name, (*cells, gold)))
    return _side_table(report, "Scores", "Type", rows, "Gold entities")


def _chart(report: Report) -> Markup:
    rows = [
        (
            label or _ALL_TYPES,
            [side.f1[label] for side in report.sides],
        )
        for label in (None, *report.labels)
    ]
    return dot_chart("F1 by type", "F1 in per cent", _titles(report), rows)


def _changes(report: Report) -> str:
    if len(report.sides) < 2:
        return "What is wrong, by kind."
    added, removed = report.changes
    p = mcnemar_p(added, removed)
    verdict = "a difference" if p < 0.05 else "no difference shown"
    left, right = _titles(report)
    return (
        f"{right} adds {added:,} error{'' if added == 1 else 's'} to those of {left} and removes "
        f"{removed:,}: {verdict} (McNemar's exact test, p = {p:.3f}, n = {added + removed:,})."
    )


def _error_table(report: Report) -> Table:
    rows = [
        Row(name, tuple(_error_cell(side, kind) for side in report.sides))
        for kind, name in _ERRORS.items()
    ]
    if len(report.sides) == 2:
        changed = tuple(
            Cell(
                f"{count:,}",
                {"side": side.key, "error": "wrong", "changed": True},
                f"{side.origin.title} only",
            )
            for side, count in zip(report.sides, reversed(report.changes), strict=True)
        )
        rows.append(Row("Only here: the other one gets it right", changed))
    return Table("Errors", ("Kind", *_titles(report)), tuple(rows))


def _error_cell(side: ScoredSide, kind: ErrorKind) -> Cell:
    query = {"side": side.key, "error": kind.value}
    what = f"{side.origin.title}, {kind.value}"
    return Cell(f"{side.total.errors.get(kind, 0):,}", query, what)


def _confusion_table(side: ScoredSide) -> Table:
    confusion, title = side.total.confusion, side.origin.title
    types = (*sorted({label for pair in confusion for label in pair} - {OUTSIDE}), OUTSIDE)
    rows = tuple(
        Row(gold, tuple(_confusion_cell(side, gold, found, types) for found in types))
        for gold in types
    )
    return Table(f"Confusion of types, {title}", (f"{title}: gold ↓ found →", *types), rows)


def _confusion_cell(side: ScoredSide, gold: str, found: str, types: Sequence[str]) -> Cell:
    """Its ground is its share of the row, and stays light enough to read upon."""
    confusion = side.total.confusion
    count = confusion.get((gold, found), 0)
    among = sum(confusion.get((gold, other), 0) for other in types) or 1
    query = {"side": side.key, "gold": gold, "found": found}
    what = f"{side.origin.title}, {gold} in gold found as {found}"
    return Cell(f"{count:,}", query if count else None, what, share=round(count / among, 2))


def _bucket_table(report: Report) -> Table:
    rows = []
    for dimension, names in BUCKETS.items():
        for name in names:
            counts = [side.buckets[dimension].get(name, Counts()) for side in report.sides]
            if any(any(count.row) for count in counts):
                rows.append(Row(f"{dimension}: {name}", _bucket_cells(report, counts, name)))
    return _side_table(report, "Buckets", "Bucket", rows, "Gold entities")


def _bucket_cells(report: Report, counts: Sequence[Counts], bucket: str) -> tuple[Cell, ...]:
    query = {"bucket": bucket}
    cells: list[Cell] = []
    for side, count in zip(report.sides, counts, strict=True):
        cells += _figure_cells(side, count, bucket, query=query)
    return (*cells, _gold_cell(counts[-1], bucket, {**query, "gold": "*"}))


def _scheme_table(report: Report) -> Table:
    rows = []
    for scheme in ("strict", "exact", "partial", "type"):
        cells: list[Cell] = []
        for side in report.sides:
            cells += _figure_cells(side, getattr(side.total.semeval, scheme), scheme)
        rows.append(Row(scheme, tuple(cells)))
    return _side_table(report, "Partial credit", "Scheme", rows, "")


def _sentences(report: Report) -> dict[str, Any]:
    """The sentences, and each side's decisions in the form that the page's script filters."""
    return {
        "sentences": [sentence.tagged.text for sentence in report.evaluation.gold],
        "classes": colour_classes(report.labels),
        "sides": [
            {
                "side": side.key,
                "name": side.origin.title,
                "decisions": [_decision(decision, report) for decision in side.decisions],
            }
            for side in report.sides
        ],
    }


def _decision(decision: Decision, report: Report) -> list[Any]:
    """``[sentence, gold, found, error, changed]``; a side is ``[start, end, label, buckets]``."""

    def span(entity: Entity | None) -> list[Any] | None:
        if entity is None:
            return None
        named = buckets(entity, report.evaluation.gold[decision.sentence])
        return [entity.start, entity.end, entity.label, list(named.values())]

    error = None if decision.error is None else decision.error.value
    found = span(decision.predicted)
    return [decision.sentence, span(decision.gold), found, error, decision.changed]
