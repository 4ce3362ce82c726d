"""``bench``: the benchmark."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_note, print_stage, stderr, stdout, write_json
from ner.errors import InputError
from ner.files.gold import read_gold
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.folder import texts_for
from ner.models.names import find_model

if TYPE_CHECKING:
    from ner.comparing.timing import Latency
    from ner.measuring.benchmark import Benchmark
    from ner.measuring.peers.contest import Contest
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
        bool,
        typer.Option("--peers", help="Also time and score transformers' pipelines on this model."),
    ] = False,
    gold: Annotated[
        Path | None,
        typer.Option("--gold", help="As --peers, scored on a gold file: adds the F1."),
    ] = None,
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
    spec = find_model(model)
    lines = _read_lines(texts) if texts else list(texts_for(spec).calibration)
    contest = _open_contest(spec, lines, texts, gold) if peers or gold else None
    result = benchmark.run(
        spec,
        plan,
        lines,
        peers=contest.peers if contest else None,
        self_check=self_check,
        endurance=endurance,
        report=_print_step,
    )
    answer = benchmark_json(result) | {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
        **_contest_json(contest),
    }
    if out is not None:
        write_json(out, answer)
    if as_json:
        print_json(answer)
    else:
        _print_benchmark(result)
        _print_accuracy(contest)


def _open_contest(
    spec: ModelSpec, lines: Sequence[str], texts: Path | None, gold: Path | None
) -> Contest:
    """The peers, judged on gold, on the texts given, or on our own that INT8 was not calibrated on.

    Before anything is timed, so that a mistake in gold costs no time.
    """
    # Imports torch and transformers, which only this option needs.
    from ner.measuring.peers.contest import Scored, open_contest

    if gold is not None:
        scored = Scored.of_gold(read_gold(gold))
    else:
        scored = Scored(tuple(lines) if texts else texts_for(spec).gate)
    return open_contest(spec, lines, scored, on_stage=print_stage, report=print_note)


def _contest_json(contest: Contest | None) -> dict[str, Any]:
    """The peers' part of the JSON."""
    if contest is None:
        return {"batch_sizes": {}, "peers": {}}
    from ner.measuring.peers.accuracy import accuracy_json

    return {
        "batch_sizes": {name: peer.batch_size for name, peer in contest.peers.items()},
        "peers": accuracy_json(contest.accuracy),
    }


def _read_lines(file: Path) -> list[str]:
    """The lines of a file that are not blank; ``InputError`` where there are none."""
    lines = [line for line in read_lines(file) if line.strip()]
    if not lines:
        raise InputError(f"{file.name} has no text in it; expected one a line.")
    return lines


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
    for timed in result.latency:
        table.add_row(timed.row, f"{timed.tokens}", *_figures(timed.latency))
    stdout().print(table)
    table = Table("different texts, one by one", "median ms a text", "p95 ms", "n", box=None)
    for row in result.stream:
        table.add_row(row.row, *_figures(row.latency))
    stdout().print(table)
    table = Table("file", "", "texts a second", "share of the peak", "n", box=None)
    shares = {(share.file, share.row): f"{100 * share.value:.0f} %" for share in result.shares}
    for passes in result.throughput:
        share = shares.get((passes.file, passes.row), "")
        rate = f"{passes.texts_per_second:.1f}"
        table.add_row(passes.file, passes.row, rate, share, f"{len(passes.seconds)}")
    stdout().print(table)
    table = Table("time of … over time of …", "ratio", "95 % interval", box=None)
    for name, ratio in result.ratios.items():
        table.add_row(name, ratio.estimate.number(1, 3), ratio.estimate.range(1, 3))
    stdout().print(table)
    table = Table("memory", "resident MB", "peak MB", box=None)
    for name, start in result.memory.items():
        table.add_row(name, f"{start.resident_bytes / 1e6:.0f}", f"{start.peak_bytes / 1e6:.0f}")
    stdout().print(table)
    if result.withheld is not None:
        stdout().print(result.withheld, markup=False, highlight=False, soft_wrap=True)
    stdout().print(result.machine.summary, markup=False, highlight=False)


def _figures(latency: Latency) -> tuple[str, str, str]:
    return f"{latency.median_ms:.2f}", f"{latency.p95_ms:.2f}", f"{latency.n}"


def _print_accuracy(contest: Contest | None) -> None:
    """What each takes on disk, and what it finds, in per cent with 95 % intervals."""
    if contest is None:
        return
    table = Table("same texts", "size MB", "agreement %", "entities", box=None)
    if any(found.gold for found in contest.accuracy.values()):
        table.add_column("F1 %")
    for name, found in contest.accuracy.items():
        scores = (found.agreement, found.gold)
        figures = [score.f1.text() for score in scores if score is not None]
        figures.insert(1, f"{found.agreement.entities:,}")
        table.add_row(name, f"{found.bytes_on_disk / 1e6:.1f}", *figures)
    stdout().print(table, highlight=False)
