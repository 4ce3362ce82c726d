"""Measures what padding within a budget saves in training; writes assets/results/padding.json.

PYTHONPATH=.:tests python tests/evidence/record_padding.py data/conll2003

Trains a twentieth of an epoch three times in turns: with batches of texts of like length, and with
every text padded to the longest one, as many texts to a batch.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from ner.machine import describe
from ner.schema import machine_json

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "assets" / "results" / "padding.json"
WAYS: dict[str, list[str]] = {"within a budget": [], "fixed length": ["--fixed-length"]}


def metrics_of(data: str, out: Path, options: list[str]) -> dict[str, Any]:
    """metrics.json of a short run in a process of its own."""
    command = [sys.executable, "-m", "ner", "train", "--data", data, "--epochs", "0.05"]
    subprocess.run([*command, "--out", str(out), *options], cwd=ROOT, check=True)
    metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text("utf-8"))
    return metrics


def main(data: str) -> None:
    """Run both ways in turns and write medians."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        for turn in range(3):
            for number, (way, options) in enumerate(WAYS.items()):
                runs[way].append(metrics_of(data, Path(folder) / f"{turn}-{number}", options))
    shares = ("padding_share", "padding_share_fixed_length")
    record = {
        way: {
            "padding_share": done[0][share],
            "peak_memory_mb": round(median(one["peak_memory_bytes"] for one in done) / 1e6),
            "seconds": median(one["seconds"] for one in done),
            "steps": done[0]["steps"],
        }
        for (way, done), share in zip(runs.items(), shares, strict=True)
    }
    details = {
        "data": Path(data).name,
        "date": datetime.now(UTC).date().isoformat(),
        "command": "PYTHONPATH=.:tests python tests/evidence/record_padding.py "
        f"data/{Path(data).name}",
        "machine": machine_json(describe()),
    }
    RECORD.write_text(json.dumps({**record, **details}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
