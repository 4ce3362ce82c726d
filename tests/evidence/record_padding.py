"""Measures what padding within a budget saves in training; writes assets/results/padding.json.

PYTHONPATH=.:tests python tests/evidence/record_padding.py data/conll2003

Trains a twentieth of an epoch three times in turns: with batches of texts of like length, and with
every text padded to the longest one, as many texts to a batch on average.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from evidence.record import RESULTS, ROOT, made_by, write
from ner.train import loop, run
from ner.train.batches import collate, draw_epoch
from ner.train.data import IGNORED
from ner.train.settings import Source, TrainSettings

WAYS = {"within a budget": [], "fixed length": ["--fixed-length"]}


def train_once(data: str, out: str, *options: str) -> None:
    """A short run in this process; prints the share of padding among its word pieces."""
    used, computed, longest = 0, 0, 0

    def as_they_come(
        pools: Sequence[tuple[float, Sequence[int]]], *, epochs: float, budget: int, seed: int
    ) -> list[list[int]]:
        """The baseline: as many texts in a batch as the budget holds on average."""
        nonlocal longest
        lengths = [length for _, pool in pools for length in pool]
        longest = max(lengths)
        rng = random.Random(seed)  # noqa: S311 - shuffling, not security
        drawn = draw_epoch([(weight, len(pool)) for weight, pool in pools], rng)
        size = max(1, int(budget / mean(lengths)))
        plan = [drawn[begin : begin + size] for begin in range(0, len(drawn), size)]
        return plan[: max(1, round(epochs * len(plan)))]

    def padded(*given: Any, **more: Any) -> dict[str, Any]:
        nonlocal used, computed
        batch = collate(*given, **more)
        missing = max(0, longest - batch["input_ids"].shape[1])
        for name, fill in (("input_ids", 0), ("attention_mask", 0), ("labels", IGNORED)):
            batch[name] = nn.functional.pad(batch[name], (0, missing), value=fill)
        used += int(batch["attention_mask"].sum())
        computed += batch["attention_mask"].numel()
        return batch

    loop.collate = padded
    if options:
        run.plan_batches = as_they_come
    settings = TrainSettings((Source(Path(data)),), Path(out), epochs=0.05)
    run.train(settings, report=lambda _: None)
    sys.stdout.write(f"{1 - used / computed:.4f}\n")


def metrics_of(data: str, out: Path, options: list[str]) -> dict[str, Any]:
    """metrics.json of a short run in a process of its own, and its share of padding."""
    command = [sys.executable, __file__, data, str(out), *options]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text("utf-8"))
    return {**metrics, "padding_share": float(done.stdout.split()[-1])}


def main(data: str) -> None:
    """Run both ways in turns and write medians."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with TemporaryDirectory() as folder:
        for turn in range(3):
            for number, (way, options) in enumerate(WAYS.items()):
                runs[way].append(metrics_of(data, Path(folder) / f"{turn}-{number}", options))
    record = {
        way: {
            "padding_share": done[0]["padding_share"],
            "peak_memory_mb": round(median(one["peak_memory_bytes"] for one in done) / 1e6),
            "seconds": median(one["seconds"] for one in done),
            "steps": done[0]["steps"],
        }
        for way, done in runs.items()
    }
    made = made_by(f"record_padding.py data/{Path(data).name}")
    write(RESULTS / "padding.json", {**record, "data": Path(data).name, **made})


if __name__ == "__main__":
    if len(sys.argv) > 2:
        train_once(*sys.argv[1:])
    else:
        main(sys.argv[1])
