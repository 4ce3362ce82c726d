"""Latency, throughput, size, memory and start-up, measured so that a sceptic agrees.

Everything that is compared runs interleaved: round after round, in a new random order each time,
so that whatever else the machine does falls on all of it alike. Each shape is warmed before it is
timed. Ratios come from the rounds as pairs, with a bootstrap interval.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import psutil

from ner.machine import Machine, describe
from ner.measuring import peak
from ner.measuring.contestants import Contestant, as_contestants, load_taggers, text_of
from ner.measuring.endurance import Endurance, measure_endurance
from ner.measuring.rounds import BenchmarkStep, Rounds, Run
from ner.measuring.rows import (
    BARE,
    INT8,
    ORIGINAL,
    PEAK,
    LatencyRow,
    Ratio,
    ThroughputRow,
    ratios_of,
)
from ner.measuring.start import Start, measure_start
from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.opened import withheld_reason
from ner.models.prepared import Prepared
from ner.models.variants import Variant, default_sides
from ner.tagging.tagger import OpenVinoTagger

LENGTHS = (16, 32, 64, 128, 256, 512)
_WARM_UP = 5
_STARTS = 5


@dataclass(frozen=True)
class BenchmarkPlan:
    """What to measure. ``lengths`` are tokens, special ones included.

    ``rounds`` is how often each row runs at each length, ``passes`` how often the file is tagged;
    a file of fewer than ``file_texts`` is repeated until it has so many, since batches fill better
    then, as they do in files that take long. ``peak_runs`` is how often a pass runs the matrix
    products, so that it takes as long as a file.
    """

    lengths: tuple[int, ...] = LENGTHS
    rounds: int = 60
    passes: int = 7
    file_texts: int = 1
    peak_runs: int = 60
    seed: int = 0


@dataclass(frozen=True)
class Conditions:
    """What else took the processors, as counters since the machine started.

    ``steal_seconds`` went to other guests of the host; ``throttled_seconds`` were refused by the
    container's quota; ``load`` is the 1-minute load average.
    """

    steal_seconds: float
    throttled_seconds: float
    load: float


@dataclass(frozen=True)
class Benchmark:
    """One run, whole.

    ``memory`` has, by variant, what a process of its own held after tagging the texts; ``withheld``
    says why INT8 is not served here, where it is not: it is measured all the same.
    """

    model: str
    machine: Machine
    before: Conditions
    after: Conditions
    latency: tuple[LatencyRow, ...]
    throughput: tuple[ThroughputRow, ...]
    ratios: Mapping[str, Ratio]
    bytes_on_disk: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, Start] = field(default_factory=dict)
    startup_seconds: tuple[float, ...] = ()
    operations_per_second: Mapping[str, float] = field(default_factory=dict)
    endurance: Endurance | None = None
    withheld: str | None = None


def run(
    spec: ModelSpec,
    plan: BenchmarkPlan,
    texts: Sequence[str],
    *,
    peers: Mapping[str, Contestant] | None = None,
    self_check: bool = False,
    processes: bool = True,
    endurance: int = 0,
    report: Callable[[BenchmarkStep], None] = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> Benchmark:
    """Measure ``spec`` on this machine's CPU; ``texts`` are the file.

    ``peers`` run along. ``self_check`` measures INT8 against itself instead, which must show no
    difference. ``processes`` adds start-up and memory, each in a process of its own, and
    ``endurance`` is how many texts of random length to tag for :class:`Endurance`. ``report`` hears
    of each step, and the run ends with ``Stopped`` once ``stop`` says so. Raises as
    :func:`ner.models.child.ensure_prepared`.
    """
    variants = default_sides(spec)
    int8, original = (ensure_prepared(variant) for variant in reversed(variants))
    taggers = load_taggers(original, int8, self_check=self_check)
    contestants = {**as_contestants(taggers), **(peers or {})}
    total = len(plan.lengths) * plan.rounds + plan.passes + 2 * processes
    rounds = Rounds(random.Random(plan.seed), report, stop, total)  # noqa: S311 - not a secret
    before = conditions()
    latency = _latency(taggers, contestants, plan, texts, rounds)
    file = list(islice(cycle(texts), max(len(texts), plan.file_texts)))
    work, limits = _limits(original, taggers, file, plan.peak_runs)
    throughput = _throughput(contestants, limits, plan, file, rounds)
    return Benchmark(
        model=spec.name,
        machine=describe(),
        before=before,
        after=conditions(),
        latency=tuple(latency),
        throughput=tuple(throughput),
        ratios=ratios_of(latency, throughput),
        bytes_on_disk={made.manifest.recipe: made.size for made in (original, int8)},
        memory=_memory(variants, texts, rounds) if processes else {},
        startup_seconds=_startup(variants[1], rounds) if processes else (),
        endurance=measure_endurance(variants[1], texts, endurance) if endurance else None,
        operations_per_second=_operations_per_second(work, throughput),
        withheld=withheld_reason(int8.manifest, taggers[INT8]),
    )


def _operations_per_second(
    work: Mapping[str, tuple[str, float]], throughput: Sequence[ThroughputRow]
) -> dict[str, float]:
    """By figure: the operations in a row over the seconds of its median pass."""
    seconds = {row.row: row.seconds for row in throughput}
    return {name: operations / median(seconds[row]) for name, (row, operations) in work.items()}


def _startup(variant: Variant, rounds: Rounds) -> tuple[float, ...]:
    """Seconds from nothing to INT8's first entities, several times."""
    rounds.step("start-up")
    return tuple(measure_start(variant).seconds for _ in range(_STARTS))


def _memory(variants: Sequence[Variant], texts: Sequence[str], rounds: Rounds) -> dict[str, Start]:
    """What a process that tags the texts with one variant holds."""
    rounds.step("memory")
    return {variant.recipe.name: measure_start(variant, texts) for variant in variants}


def conditions() -> Conditions:
    """The counters now; zero where the system keeps none."""
    times = psutil.cpu_times()
    try:
        stat = Path("/sys/fs/cgroup/cpu.stat").read_text(encoding="ascii")
    except OSError:
        stat = ""
    counters = dict(line.split() for line in stat.splitlines())
    return Conditions(
        steal_seconds=float(getattr(times, "steal", 0.0)),
        throttled_seconds=int(counters.get("throttled_usec", 0)) / 1e6,
        load=psutil.getloadavg()[0],
    )


def _latency(
    taggers: Mapping[str, OpenVinoTagger],
    contestants: Mapping[str, Contestant],
    plan: BenchmarkPlan,
    texts: Sequence[str],
    rounds: Rounds,
) -> list[LatencyRow]:
    """Each contestant, and the bare request of each of our rows, at each length."""
    found = []
    for tokens in plan.lengths:
        text = text_of(taggers[INT8], texts, tokens)
        rows: dict[str, Run] = {
            name: partial(contestant.tag, text) for name, contestant in contestants.items()
        }
        for name, tagger in taggers.items():
            requests = [tagger.model.bare(*shape) for shape in tagger.model.batches([text])]
            rows[f"{name}, {BARE}"] = partial(_run_all, requests)
        for warm in rows.values():
            for _ in range(_WARM_UP):
                warm()
        timed = rounds.interleave(rows, plan.rounds, f"{tokens} tokens")
        found += [LatencyRow(name, tokens, latency) for name, latency in timed.items()]
    return found


def _limits(
    original: Prepared,
    taggers: Mapping[str, OpenVinoTagger],
    texts: Sequence[str],
    repeats: int,
) -> tuple[dict[str, tuple[str, float]], dict[str, Run]]:
    """What bounds throughput: bare requests for the same batches, and the matrix peak.

    Returns for each figure the row whose time it is read from and the operations in it, and the
    rows to run.
    """
    batches = taggers[INT8].model.batches(texts)
    requests = {shape: taggers[INT8].model.bare(*shape) for shape in set(batches)}

    def bare() -> None:
        for shape in batches:
            requests[shape]()

    xml = original.folder / "openvino_model.xml"
    lengths = {length for _, length in batches}
    per_window = {length: peak.operations(xml, length) for length in lengths}
    operations = sum(rows * per_window[length] for rows, length in batches)
    work = {"INT8 file": (INT8, operations)}
    rows: dict[str, Run] = {f"{INT8}, {BARE}s": bare}
    for name, int8 in ((f"INT8 {PEAK}", True), (f"FP32 {PEAK}", False)):
        once, count = peak.peak_runner(int8=int8)
        rows[name] = partial(_repeat, once, repeats)
        work[name] = (name, count * repeats)
    if ORIGINAL in taggers:
        work["FP32 file"] = (ORIGINAL, operations)
    return work, rows


def _run_all(runs: Sequence[Run]) -> None:
    for run in runs:
        run()


def _repeat(run: Run, times: int) -> None:
    for _ in range(times):
        run()


def _throughput(
    contestants: Mapping[str, Contestant],
    limits: Mapping[str, Run],
    plan: BenchmarkPlan,
    texts: Sequence[str],
    rounds: Rounds,
) -> list[ThroughputRow]:
    rows: dict[str, Run] = {
        name: partial(contestant.tag_file, texts) for name, contestant in contestants.items()
    }
    rows |= limits
    for warm in rows.values():
        warm()
    timed = rounds.interleave(rows, plan.passes, f"{len(texts)} texts")
    return [
        ThroughputRow(name, len(texts), tuple(sample / 1000 for sample in latency.samples_ms))
        for name, latency in timed.items()
    ]
