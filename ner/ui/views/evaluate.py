"""What tab 'Evaluate' shows: tables, charts, and data for its script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ner import tables
from ner.colours import colour_classes
from ner.entities import Entity
from ner.evaluating.breakdown import Decision, buckets, threshold_curve
from ner.evaluating.report import Report
from ner.evaluating.scores import conlleval
from ner.evaluating.tables import (
    error_table,
    provenance_table,
    report_markdown,
    report_tables,
)
from ner.markup import render
from ner.ui.progress import Value
from ner.ui.views.charts import dot_chart
from ner.ui.views.curves import best_sentences, threshold_charts
from ner.ui.views.tables import basis


def evaluation_value(report: Report, hints: Sequence[str] = ()) -> Value:
    """The result component's value; ``hints`` are sentences that stand on top."""
    shown = report_tables(report)
    files = {
        "evaluation.json": json.dumps(report.json(), ensure_ascii=False, allow_nan=False),
        "evaluation.csv": tables.csv(*shown),
        "errors.csv": tables.csv(error_table(report), provenance_table(report.provenance)),
        "evaluation.md": report_markdown(report),
    }
    curves = [threshold_curve(side.gold, side.found) for side in report.evaluation.sides]
    labels = (None, *report.evaluation.labels)
    rows = [(label or "all types", [side.f1[label] for side in report.sides]) for label in labels]
    html = render(
        "ner.ui",
        "evaluate.html",
        hints=[*hints, *(note for note in report.notes if note != report.misfit)],
        misfit=report.misfit,
        verdict=report.verdict,
        files=list(files),
        provenance=basis(report.provenance),
        tables=list(map(tables.html, shown)),
        chart=dot_chart("F1 by type", "F1 in per cent", report.titles, rows),
        charts=threshold_charts(report.titles, curves),
        best=best_sentences(report.titles, curves),
        conlleval=[(side.origin.title, conlleval(side.scores)) for side in report.sides],
    )
    data = {"kind": "gold", "files": files, **_sentences(report)}
    return {"html": html, "data": json.dumps(data, allow_nan=False)}


def _sentences(report: Report) -> dict[str, Any]:
    """The sentences, and each side's decisions in the form that the page's script filters."""
    return {
        "sentences": [sentence.tagged.text for sentence in report.evaluation.gold],
        "classes": colour_classes(report.evaluation.labels),
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
