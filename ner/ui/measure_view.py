"""What tab 'Measure' shows: a run made here and now, and beside it the recorded ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ner.markup import megabytes, milliseconds
from ner.measuring.benchmark import Benchmark
from ner.measuring.report import benchmark_csv, benchmark_json, summary
from ner.measuring.rows import BARE, PEAK
from ner.render import Bar, bar_chart, definitions, escape
from ner.ui.lines import line_chart
from ner.ui.tables import head, row, section, table


def measured(result: Benchmark, command: str) -> str:
    """The whole result of a run; ``command`` repeats it at full length."""
    answer = benchmark_json(result)
    return (
        '<div class="ner measure">'
        f'<p class="verdict" role="status"><strong>{escape(summary(result))}</strong></p>'
        + section("Latency", "From text to entities, one text at a time.", _latency(answer))
        + section("Throughput, size", "", _bars(result))
        + section("Times as ratios", _RATIO_NOTE, _ratios(answer))
        + section("Circumstances", "", _circumstances(result, command))
        + _downloads(result, answer)
        + "</div>"
    )


_RATIO_NOTE = (
    "Time of the first over time of the second, in pairs of the same round, with a 95 % bootstrap "
    "interval. An interval that contains 1 shows no difference."
)


def recorded(records: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Runs that were made earlier, each with its date and machine; empty if there are none."""
    parts = [
        section(
            f"Recorded: {record['model']}, {record['date']}",
            f"{record['machine']['cpu']}, {record['machine']['cores']} cores, "
            f"{', '.join(record['machine']['vector_extensions'])}. {name}: {record['command']}",
            _latency(record) + _throughput_table(record) + _ratios(record),
        )
        for name, record in records
    ]
    return f'<div class="ner measure">{"".join(parts)}</div>' if parts else ""


def _latency(answer: Mapping[str, Any]) -> str:
    """A chart of medians over length, and the same as a table with p95 and n."""
    rows = [one for one in answer["latency"] if BARE not in one["row"]]
    series: dict[str, list[tuple[float, float]]] = {}
    for one in rows:
        series.setdefault(one["row"], []).append((one["tokens"], one["median_ms"]))
    chart = line_chart("Latency over length", "tokens of the text", "median, ms", series)
    cells = [
        row(
            escape(one["row"]),
            (
                f'<td class="number">{value}</td>'
                for value in (
                    one["tokens"],
                    milliseconds(one["median_ms"]),
                    milliseconds(one["p95_ms"]),
                    one["n"],
                )
            ),
        )
        for one in answer["latency"]
    ]
    heads = [head(["what", "tokens", "median", "p95", "n"])]
    return chart + _folded("The same as a table", table("Latency", heads, cells))


def _bars(result: Benchmark) -> str:
    rates = [
        Bar(one.row, one.texts_per_second, f"{one.texts_per_second:.0f} a second")
        for one in result.throughput
        if PEAK not in one.row
    ]
    sizes = [
        Bar(name, size, megabytes(size))
        for name, size in zip(("original", "INT8"), result.bytes_on_disk.values(), strict=True)
    ]
    ratio = sizes[0].value / sizes[1].value
    return (
        '<div class="cost">'
        + bar_chart("Texts a second, in batches", rates, f"{result.throughput[0].texts} texts")
        + bar_chart("Size on disk", sizes, f"INT8 is {ratio:.1f} × smaller")
        + "</div>"
    )


def _throughput_table(answer: Mapping[str, Any]) -> str:
    cells = [
        row(
            escape(one["row"]),
            (
                f'<td class="number">{one["texts_per_second"]:.0f}</td>',
                f'<td class="number">{one["n"]}</td>',
            ),
        )
        for one in answer["throughput"]
        if PEAK not in one["row"]
    ]
    return table("Throughput", [head(["file", "texts a second", "n"])], cells)


def _ratios(answer: Mapping[str, Any]) -> str:
    cells = [
        row(
            escape(name),
            (
                f'<td class="number">{one["value"]:.2f}</td>',
                f'<td class="number">{_interval(one)}</td>',
                f"<td>{escape(one['verdict'])}</td>",
            ),
        )
        for name, one in answer["ratios"].items()
    ]
    heads = [head(["time of … over time of …", "ratio", "95 %", "verdict"])]
    return _folded("All ratios", table("Ratios", heads, cells))


def _interval(ratio: Mapping[str, Any]) -> str:
    high = "∞" if ratio["high"] is None else f"{ratio['high']:.2f}"
    return f"{ratio['low']:.2f}–{high}"


def _circumstances(result: Benchmark, command: str) -> str:
    stolen = result.after.steal_seconds - result.before.steal_seconds
    throttled = result.after.throttled_seconds - result.before.throttled_seconds
    versions = ", ".join(f"{name} {one}" for name, one in result.machine.versions.items())
    return definitions(
        [
            ("Machine", result.machine.summary),
            ("Taken by others meanwhile", f"{stolen:.2f} s stolen, {throttled:.2f} s throttled"),
            ("Load before and after", f"{result.before.load:.1f}, {result.after.load:.1f}"),
            ("Order", "each round in a new random order; warmed for each shape"),
            ("Versions", versions),
            ("Reproduce at full length", command),
        ]
    )


def _downloads(result: Benchmark, answer: Mapping[str, Any]) -> str:
    files = (
        ("benchmark.json", "application/json", json.dumps(answer, indent=1)),
        ("benchmark.csv", "text/csv", benchmark_csv(result)),
    )
    links = "".join(
        f'<a class="plain" download="{name}" '
        f'href="data:{kind};base64,{base64.b64encode(text.encode()).decode()}">{name}</a>'
        for name, kind, text in files
    )
    return f'<div class="group"><span class="name">Download</span>{links}</div>'


def _folded(name: str, body: str) -> str:
    return f"<details><summary>{escape(name)}</summary>{body}</details>"
