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
from pathlib import Path

import psutil

from ner.comparing.timing import Latency
from ner.machine import Machine, describe
from ner.measuring.contestants import Contestant, as_contestants, load_taggers
from ner.measuring.endurance import Endurance, measure_endurance
from ner.measuring.limits import limits_of, run_all
from ner.measuring.rounds import BenchmarkStep, Rounds, Run
from ner.measuring.rows import (
    BARE,
    INT8,
    STREAM,
    LatencyRow,
    Ratio,
    Share,
    StreamRow,
    ThroughputRow,
    ratios_of,
)
from ner.measuring.start import Start, measure_start
from ner.measuring.workload import FILES, files_of, stream_of, text_of
from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import Prepared
from ner.models.open import withheld_reason
from ner.models.recipes import Variant, default_sides
from ner.tagging.tagger import OpenVinoTagger

LENGTHS = (16, 32, 64, 128, 256, 512)
_WARM_UP = 5
_STARTS = 5


@dataclass(frozen=True)
class BenchmarkPlan:
    """What to measure. ``lengths`` are tokens, special ones included.

    ``rounds`` is how often each row runs at each length, and over a new stream of ``stream_texts``;
    ``passes`` how often each of ``files`` is tagged, which has at least ``file_texts`` texts (see
    :func:`ner.measuring.workload.files_of`). ``peak_runs`` is how often a pass runs the matrix
    products, so that it takes as long as a file.
    """

    lengths: tuple[int, ...] = LENGTHS
    rounds: int = 60
    stream_texts: int = 20
    passes: int = 7
    files: tuple[str, ...] = FILES
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
    stream: tuple[StreamRow, ...]
    throughput: tuple[ThroughputRow, ...]
    shares: tuple[Share, ...]
    ratios: Mapping[str, Ratio]
    bytes_on_disk: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, Start] = field(default_factory=dict)
    startup_seconds: tuple[float, ...] = ()
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
    total = (len(plan.lengths) + 1) * plan.rounds + len(plan.files) * plan.passes + 2 * processes
    rounds = Rounds(random.Random(plan.seed), report, stop, total)  # noqa: S311 - not a secret
    before = conditions()
    latency = _latency(taggers, contestants, plan, texts, rounds)
    stream = _stream(taggers, contestants, plan, texts, rounds)
    throughput, shares = _files(original, taggers, contestants, plan, texts, rounds)
    return Benchmark(
        model=spec.name,
        machine=describe(),
        before=before,
        after=conditions(),
        latency=tuple(latency),
        stream=tuple(stream),
        throughput=tuple(throughput),
        shares=tuple(shares),
        ratios=ratios_of(latency, stream, throughput),
        bytes_on_disk={made.manifest.recipe: made.size for made in (original, int8)},
        memory=_memory(variants, texts, rounds) if processes else {},
        startup_seconds=_startup(variants[1], rounds) if processes else (),
        endurance=measure_endurance(variants[1], texts, endurance) if endurance else None,
        withheld=withheld_reason(int8.manifest, taggers[INT8]),
    )


def _files(
    original: Prepared,
    taggers: Mapping[str, OpenVinoTagger],
    contestants: Mapping[str, Contestant],
    plan: BenchmarkPlan,
    texts: Sequence[str],
    rounds: Rounds,
) -> tuple[list[ThroughputRow], list[Share]]:
    """Each file that is asked for, and how much of the machine it gets to use."""
    throughput, shares = [], []
    files = files_of(texts, plan.file_texts)
    for name in plan.files:
        limits = limits_of(
            original.folder / "openvino_model.xml", taggers, files[name], plan.peak_runs
        )
        file = name, files[name]
        rows = _throughput(contestants, limits.rows, plan.passes, file, rounds)
        throughput += rows
        shares += limits.shares(rows)
    return throughput, shares


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
            rows[f"{name}, {BARE}"] = tagger.model.bare([text])
        for warm in rows.values():
            for _ in range(_WARM_UP):
                warm()
        timed = rounds.interleave(rows, plan.rounds, f"{tokens} tokens")
        found += [LatencyRow(name, tokens, latency) for name, latency in timed.items()]
    return found


def _stream(
    taggers: Mapping[str, OpenVinoTagger],
    contestants: Mapping[str, Contestant],
    plan: BenchmarkPlan,
    texts: Sequence[str],
    rounds: Rounds,
) -> list[StreamRow]:
    """Different texts one after the other, as visitors send them: a new order in each round."""
    runs: dict[str, dict[str, Run]] = {
        name: {text: partial(contestant.tag, text) for text in texts}
        for name, contestant in contestants.items()
    }
    for name, tagger in taggers.items():
        # The bare requests run on the graphs that the tagger has by then.
        _meet(tagger, texts)
        runs[f"{name}, {BARE}"] = {text: tagger.model.bare([text]) for text in texts}
    for one in runs.values():
        run_all(list(one.values()))
    samples: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(plan.rounds):
        drawn = stream_of(texts, plan.stream_texts, rounds.rng)
        rows = {name: partial(run_all, [one[text] for text in drawn]) for name, one in runs.items()}
        for name, taken in rounds.interleave(rows, 1, STREAM).items():
            samples[name].append(taken.samples_ms[0] / len(drawn))
    return [
        StreamRow(name, plan.stream_texts, Latency(tuple(each))) for name, each in samples.items()
    ]


def _meet(tagger: OpenVinoTagger, texts: Sequence[str]) -> None:
    """Tag a stream of ``texts``, so that each of their shapes has been met."""
    for text in texts:
        tagger(text)


def _throughput(
    contestants: Mapping[str, Contestant],
    limits: Mapping[str, Run],
    passes: int,
    file: tuple[str, Sequence[str]],
    rounds: Rounds,
) -> list[ThroughputRow]:
    """Each contestant over one file, and what limits them."""
    name, texts = file
    rows: dict[str, Run] = {
        row: partial(contestant.tag_file, texts) for row, contestant in contestants.items()
    }
    rows |= limits
    run_all(list(rows.values()))
    timed = rounds.interleave(rows, passes, name)
    return [
        ThroughputRow(row, name, len(texts), tuple(sample / 1000 for sample in taken.samples_ms))
        for row, taken in timed.items()
    ]
