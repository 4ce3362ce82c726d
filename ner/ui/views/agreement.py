"""What tab 'Evaluate' shows of two sides' agreement, with gold or without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ner.colours import colour_classes
from ner.comparing.agreement import FRAGILE_MARGIN, Kind, Pair, fragile
from ner.evaluating.report import KEYS, AgreementReport
from ner.evaluating.tables import agreement_table
from ner.markup import render
from ner.tables import html as table_html
from ner.ui.progress import Value
from ner.ui.views.tables import basis


def agreement_value(report: AgreementReport) -> Value:
    """The result component's value for lines without gold."""
    files = {"agreement.json": json.dumps(report.json(), ensure_ascii=False)}
    left, right = (origin.title for origin in report.origins)
    html = render(
        "ner.ui",
        "agreement.html",
        verdict=report.verdict,
        files=list(files),
        provenance=basis(report.provenance),
        shares=table_html(agreement_table(report)),
        differences=sum(len(one.differences) for one in report.agreements),
        pairs=sum(len(one.pairs) for one in report.agreements),
        margin=FRAGILE_MARGIN,
        kinds=_kinds(left, right),
        titles=(left, right),
        labels=report.labels,
    )
    data = {
        "kind": "lines",
        "files": files,
        "sentences": [agreement.text for agreement in report.agreements],
        "classes": colour_classes(report.labels),
        "rows": _difference_rows(report),
        "titles": {key: origin.title for key, origin in zip(KEYS, report.origins, strict=True)},
    }
    return {"html": html, "data": json.dumps(data, allow_nan=False)}


def _kinds(left: str, right: str) -> dict[Kind, str]:
    return {
        Kind.BOUNDARY: "boundary differs",
        Kind.LABEL: "label differs",
        Kind.ONLY_LEFT: f"only {left}",
        Kind.ONLY_RIGHT: f"only {right}",
        Kind.SAME: "same",
    }


def _difference_rows(report: AgreementReport) -> list[list[Any]]:
    """``[line, kind, left, right, drift, fragile]``, the fragile ones and large drifts first."""
    rows: list[list[Any]] = []
    for index, agreement in enumerate(report.agreements):
        margins = (report.left[index].margins, report.right[index].margins)
        rows += [
            [index, *_pair(pair), fragile(*pair.margins(*margins))] for pair in agreement.pairs
        ]
    # One side without a counterpart is as far as two can drift apart.
    return sorted(rows, key=lambda row: (not row[5], -abs(1.0 if row[4] is None else row[4])))


def _pair(pair: Pair) -> Iterator[Any]:
    yield pair.kind.value
    for entity in (pair.left, pair.right):
        yield (
            None
            if entity is None
            else [entity.start, entity.end, entity.label, round(entity.score, 6)]
        )
    yield None if pair.drift is None else round(pair.drift, 6)
