"""What `bench` recorded: latency over length as a chart, throughput and ratios as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ner.markup import macro, milliseconds
from ner.measuring.rows import BARE, FILE, PEAK
from ner.ui.views.charts import line_chart


@dataclass(frozen=True, slots=True)
class RatioRow:
    """A ratio of times as the page writes it."""

    name: str
    value: str
    interval: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the template lays it out: a chart, and rows of tables with their cells."""

    title: str
    note: str
    chart: Markup
    latency: list[tuple[str, list[str]]]
    throughput: list[tuple[str, list[str]]]
    ratios: list[RatioRow]


def show_benchmarks(records: Sequence[tuple[str, Mapping[str, Any]]]) -> Markup:
    """Runs that were made earlier, each with its date and machine; empty if there are none."""
    runs = [
        Run(
            title=f"{record['model']}, {record['date']}",
            note=f"{record['machine']['cpu']}, {record['machine']['cores']} cores, "
            f"{', '.join(record['machine']['vector_extensions'])}. {name}: {record['command']}",
            chart=_latency_chart(record),
            latency=_latency_rows(record),
            throughput=_throughput_rows(record),
            ratios=_ratio_rows(record),
        )
        for name, record in records
    ]
    return macro("ner.ui", "records.html", "benchmarks", runs)


def _row_name(name: str) -> str:
    """A row of a benchmark in a reader's words."""
    return re.sub(f"{BARE}s?", "the model alone", name)


def _latency_chart(record: Mapping[str, Any]) -> Markup:
    """Medians over length, without those of the model alone."""
    series: dict[str, list[tuple[float, float]]] = {}
    for row in record["latency"]:
        if BARE not in row["row"]:
            series.setdefault(row["row"], []).append((row["tokens"], row["median_ms"]))
    return line_chart("Latency over length", "tokens of the text", "median, ms", series)


def _latency_rows(record: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (
            _row_name(row["row"]),
            [
                str(row["tokens"]),
                milliseconds(row["median_ms"]),
                milliseconds(row["p95_ms"]),
                str(row["n"]),
            ],
        )
        for row in record["latency"]
    ]


def _throughput_rows(record: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (_row_name(_of_file(row)), [f"{row['texts_per_second']:.0f}", str(row["n"])])
        for row in record["throughput"]
        if PEAK not in row["row"]
    ]


def _of_file(row: Mapping[str, Any]) -> str:
    """The row's name, and its file's where that is not the texts as they are."""
    name, file = str(row["row"]), row.get("file", FILE)
    return name if file == FILE else f"{name}, {file}"


def _ratio_rows(record: Mapping[str, Any]) -> list[RatioRow]:
    return [
        RatioRow(_row_name(name), f"{ratio['value']:.2f}", _interval(ratio), ratio["verdict"])
        for name, ratio in record["ratios"].items()
    ]


def _interval(ratio: Mapping[str, Any]) -> str:
    high = "∞" if ratio["high"] is None else f"{ratio['high']:.2f}"
    return f"{ratio['low']:.2f}–{high}"
