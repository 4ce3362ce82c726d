"""``bench``: the benchmark."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_stage, stderr, stdout, write_json
from ner.errors import InputError
from ner.models.catalogue import ModelSpec, calibration_file, find, read_texts
from ner.models.variants import default_sides

if TYPE_CHECKING:
    from ner.measuring.benchmark import Benchmark
    from ner.measuring.contestants import Contestant
    from ner.measuring.rounds import BenchmarkStep


def bench(
    model: ModelOption = "bundled",
    lengths: Annotated[
        str, typer.Option("--lengths", help="Tokens of the texts to time, separated by commas.")
    ] = "16,32,64,128,256,512",
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A file of texts, one a line; default: our own.")
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=6, help="Runs at each length.")] = 60,
    passes: Annotated[int, typer.Option("--passes", min=6, help="Runs over the file.")] = 7,
    file_texts: Annotated[
        int, typer.Option("--file-texts", min=1, help="Repeat the file until it has so many texts.")
    ] = 1000,
    peers: Annotated[
        bool, typer.Option("--peers", help="Also time transformers' pipeline on the same model.")
    ] = False,
    self_check: Annotated[
        bool, typer.Option("--self-check", help="Measure INT8 against itself: shows no difference.")
    ] = False,
    endurance: Annotated[
        int,
        typer.Option("--endurance", min=0, help="Also tag so many texts of random length."),
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure latency, throughput, size, memory and start-up, all in one interleaved run."""
    from ner.measuring import benchmark
    from ner.measuring.report import benchmark_json

    plan = benchmark.BenchmarkPlan(
        lengths=_numbers(lengths), rounds=rounds, passes=passes, file_texts=file_texts
    )
    spec = find(model)
    lines = read_texts(texts or calibration_file(spec))
    rivals, sizes = _peers(spec, lines) if peers else ({}, {})
    result = benchmark.run(
        spec,
        plan,
        lines,
        peers=rivals,
        self_check=self_check,
        endurance=endurance,
        report=_print_step,
    )
    answer = benchmark_json(result) | {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
        "batch_sizes": dict(sizes),
    }
    _tell(result, answer, out, as_json=as_json)


def _tell(result: Benchmark, answer: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    """Write and print the result where it is asked for."""
    if out is not None:
        write_json(out, answer)
    if as_json:
        print_json(answer)
    else:
        _print_benchmark(result)


def _peers(spec: ModelSpec, lines: list[str]) -> tuple[Mapping[str, Contestant], Mapping[str, int]]:
    """Transformers' pipelines on the same model, and their best batch sizes."""
    # Imports torch and transformers, which only this option needs.
    from ner.measuring import baselines
    from ner.models.child import ensure_prepared

    int8, original = (
        ensure_prepared(variant, report=print_stage) for variant in reversed(default_sides(spec))
    )
    return baselines.contestants(original, int8, str(spec.folder), lines)


def _numbers(lengths: str) -> tuple[int, ...]:
    """Lengths given as 16,32."""
    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isdecimal() and 4 <= int(part) <= 512 for part in parts):
        raise InputError(f"--lengths {lengths!r}: expected whole numbers from 4 to 512, as 16,32.")
    return tuple(int(part) for part in parts)


def _print_step(step: BenchmarkStep) -> None:
    stderr().print(f"{step.done}/{step.total} {step.what}", end="\r", highlight=False)


def _print_benchmark(result: Benchmark) -> None:
    table = Table("one text", "tokens", "median ms", "p95 ms", "n", box=None)
    for row in result.latency:
        taken = row.latency
        figures = (f"{taken.median_ms:.2f}", f"{taken.p95_ms:.2f}", f"{taken.n}")
        table.add_row(row.row, f"{row.tokens}", *figures)
    stdout().print(table)
    table = Table("file", "texts a second", "n", box=None)
    for passes in result.throughput:
        table.add_row(passes.row, f"{passes.texts_per_second:.1f}", f"{len(passes.seconds)}")
    stdout().print(table)
    table = Table("time of … over time of …", "ratio", "95 % interval", box=None)
    for name, ratio in result.ratios.items():
        low, high = ratio.interval.low, ratio.interval.high
        table.add_row(name, f"{ratio.value:.3f}", f"{low:.3f}–{high:.3f}")
    stdout().print(table)
    table = Table("memory", "resident MB", "peak MB", box=None)
    for name, start in result.memory.items():
        table.add_row(name, f"{start.resident_bytes / 1e6:.0f}", f"{start.peak_bytes / 1e6:.0f}")
    stdout().print(table)
    if result.withheld is not None:
        stdout().print(result.withheld, markup=False, highlight=False, soft_wrap=True)
    stdout().print(result.machine.summary, markup=False, highlight=False)
