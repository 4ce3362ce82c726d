"""A run as a sentence, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict
from typing import Any

from ner.measuring.benchmark import Benchmark
from ner.measuring.rows import AGAIN, BF16, INT8, ORIGINAL, Ratio, ThroughputRow
from ner.schema import latency_json


def summary(result: Benchmark) -> str:
    """What the file's ratios say, in one sentence or two; a third where INT8 is not served."""
    return " ".join(filter(None, (_ratio_sentence(result), result.withheld)))


def _ratio_sentence(result: Benchmark) -> str:
    ratio = result.ratios.get(f"{ORIGINAL} / {INT8}, file")
    if ratio is None:
        verdicts = (same.verdict for same in result.ratios.values() if same.numerator == AGAIN)
        return f"INT8 was measured against itself: {'; '.join(verdicts)}."
    default = result.ratios.get(f"{BF16} / {INT8}, file")
    sentence = f"INT8 against FP32: {ratio.verdict}"
    if default is None:
        return f"{sentence}. OpenVINO runs the original in FP32 by default here."
    return f"{sentence}. Against what OpenVINO runs by default here (BF16): {default.verdict}."


def benchmark_csv(result: Benchmark) -> str:
    """Latency and throughput as a table with a header."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["kind", "row", "tokens", "median_ms", "p95_ms", "n", "texts_per_second"])
    for timed in result.latency:
        figures = latency_json(timed.latency).values()
        table.writerow(["latency", timed.row, timed.tokens, *figures, ""])
    for passes in result.throughput:
        rate = round(passes.texts_per_second, 2)
        table.writerow(["throughput", passes.row, "", "", "", len(passes.seconds), rate])
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
        "throughput": [_throughput_json(row) for row in result.throughput],
        "ratios": {name: _ratio_json(ratio) for name, ratio in result.ratios.items()},
        "bytes_on_disk": dict(result.bytes_on_disk),
        "memory_bytes": {
            name: {"resident": start.resident_bytes, "peak": start.peak_bytes}
            for name, start in result.memory.items()
        },
        "startup_seconds": [round(seconds, 3) for seconds in result.startup_seconds],
        "endurance": None if result.endurance is None else asdict(result.endurance),
        "operations_per_second": {
            name: round(value) for name, value in result.operations_per_second.items()
        },
        "withheld": result.withheld,
    }


def _throughput_json(row: ThroughputRow) -> dict[str, Any]:
    return {
        "row": row.row,
        "texts": row.texts,
        "texts_per_second": round(row.texts_per_second, 2),
        "seconds": [round(seconds, 5) for seconds in row.seconds],
        "n": len(row.seconds),
    }


def _ratio_json(ratio: Ratio) -> dict[str, Any]:
    low, high = ratio.interval.low, ratio.interval.high
    return {
        "numerator": ratio.numerator,
        "denominator": ratio.denominator,
        "value": round(ratio.value, 4),
        "low": round(low, 4),
        "high": None if math.isinf(high) else round(high, 4),
        "verdict": ratio.verdict,
    }
