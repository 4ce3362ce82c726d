"""A run as a sentence, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from ner.measuring.benchmark import Benchmark
from ner.measuring.rows import (
    AGAIN,
    BF16,
    FILE,
    INT8,
    ORIGINAL,
    STREAM,
    Ratio,
    Share,
    ThroughputRow,
)
from ner.schema import latency_json, to_json


def summary(result: Benchmark) -> str:
    """What single texts and files show, in a sentence or two; a third where INT8 is withheld."""
    return " ".join(filter(None, (_ratio_sentence(result), result.withheld)))


def _ratio_sentence(result: Benchmark) -> str:
    verdict = _verdict(result, ORIGINAL)
    if verdict is None:
        verdicts = (same.verdict for same in result.ratios.values() if same.numerator == AGAIN)
        return f"INT8 was measured against itself: {'; '.join(verdicts)}."
    default = _verdict(result, BF16)
    sentence = f"INT8 against FP32: {verdict}"
    if default is None:
        return f"{sentence}. OpenVINO runs the original in FP32 by default here."
    return f"{sentence}. Against what OpenVINO runs by default here (BF16): {default}."


def _verdict(result: Benchmark, row: str) -> str | None:
    """What INT8 over ``row`` shows; None where it was not measured."""
    found = [result.ratios.get(f"{row} / {INT8}, {where}") for where in (STREAM, FILE)]
    single, file = (ratio and ratio.verdict for ratio in found)
    if single is None:
        return None
    return f"{single} on different texts one by one, {file} in a file"


def benchmark_csv(result: Benchmark) -> str:
    """Latency and throughput as a table with a header."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["kind", "row", "tokens", "median_ms", "p95_ms", "n", "texts_per_second"])
    for timed in result.latency:
        figures = latency_json(timed.latency).values()
        table.writerow(["latency", timed.row, timed.tokens, *figures, ""])
    for row in result.stream:
        table.writerow([STREAM, row.row, "", *latency_json(row.latency).values(), ""])
    for passes in result.throughput:
        rate = round(passes.texts_per_second, 2)
        table.writerow([passes.file, passes.row, "", "", "", len(passes.seconds), rate])
    return written.getvalue()


def benchmark_json(result: Benchmark) -> dict[str, Any]:
    """What ``bench`` answers: times in milliseconds, rates per second, sizes in bytes."""
    return {
        "model": result.model,
        "machine": asdict(result.machine),
        "conditions": {"before": asdict(result.before), "after": asdict(result.after)},
        "order": "every round in a new random order; warmed for each shape",
        "latency": [
            {"row": row.row, "tokens": row.tokens, **latency_json(row.latency)}
            for row in result.latency
        ],
        "stream": [
            {"row": row.row, "texts": row.texts, **latency_json(row.latency)}
            for row in result.stream
        ],
        "throughput": [_throughput_json(row) for row in result.throughput],
        "ratios": {name: _ratio_json(ratio) for name, ratio in result.ratios.items()},
        "bytes_on_disk": dict(result.bytes_on_disk),
        "memory_bytes": {
            name: {"resident": start.resident_bytes, "peak": start.peak_bytes}
            for name, start in result.memory.items()
        },
        "startup_seconds": [round(seconds, 3) for seconds in result.startup_seconds],
        "endurance": None if result.endurance is None else asdict(result.endurance),
        "shares_of_peak": [_share_json(share) for share in result.shares],
        "withheld": result.withheld,
    }


def _throughput_json(row: ThroughputRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "file": row.file,
        "texts": row.texts,
        "texts_per_second": round(row.texts_per_second, 2),
        "seconds": [round(seconds, 5) for seconds in row.seconds],
        "n": len(row.seconds),
    }


def _share_json(share: Share) -> dict[str, Any]:
    return {
        "row": share.row,
        "file": share.file,
        "operations_per_second": round(share.operations_per_second),
        "peak": round(share.peak),
        "share": round(share.value, 4),
    }


def _ratio_json(ratio: Ratio) -> dict[str, Any]:
    return {
        "numerator": ratio.numerator,
        "denominator": ratio.denominator,
        **to_json(ratio.estimate),
        "verdict": ratio.verdict,
    }
