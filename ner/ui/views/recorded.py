"""Recorded evaluations of a model, from ``assets/results``, as one table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ner.markup import Cell, render
from ner.models.catalogue import ModelSpec, assets
from ner.schema import recorded_estimate, recorded_sides, set_name
from ner.ui.views.tables import estimate_cell
from ner.verdict import Answer

_ANSWERS = {Answer.YES: "yes", Answer.NO: "no", Answer.UNDECIDED: "undecided"}


@dataclass(frozen=True)
class Recorded:
    """F1 of both sides on each recorded set, in per cent; ``files`` are the records' names."""

    files: tuple[str, ...]
    rows: tuple[tuple[str, list[Cell]], ...]
    machines: tuple[str, ...]


def recorded_scores(spec: ModelSpec) -> Recorded:
    """What was recorded of a model: nothing for most."""
    records = list(_records(spec))
    machines = (f"{record['machine']['cpu']}" for _, record in records)
    return Recorded(
        tuple(name for name, _ in records),
        tuple(row for _, record in records for row in _rows(record)),
        tuple(dict.fromkeys(machines)),
    )


def recorded_html(spec: ModelSpec) -> Markup:
    """The same for tab 'Evaluate', beside what is evaluated here and now."""
    return render("ner.ui", "recorded.html", spec=spec, recorded=recorded_scores(spec))


def _rows(record: Mapping[str, Any]) -> Iterator[tuple[str, list[Cell]]]:
    """By sentence, and as documents where that was recorded; then agreement and verdict."""
    for dataset, result in record["sets"].items():
        cells = [_f1(side) for side in recorded_sides(result)]
        agreement = recorded_estimate(result, "agreement").number() if "agreement" in result else ""
        answer = _ANSWERS[Answer(result["verdict"]["answer"])] if "verdict" in result else ""
        yield set_name(dataset, record["settings"]), [*cells, Cell(agreement), Cell(answer)]


def _f1(side: Mapping[str, Any] | None) -> Cell:
    if side is None:
        return Cell("")
    return estimate_cell(recorded_estimate(side))


def _records(spec: ModelSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((assets() / "results").glob("evaluation-*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["settings"]["model"] == spec.name:
            yield file.name, record
