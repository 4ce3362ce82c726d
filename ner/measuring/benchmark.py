"""Latency, throughput, size, memory and start-up, measured so that a sceptic agrees.

Everything that is compared runs interleaved: round after round, in a new random order each time,
so that whatever else the machine does falls on all of it alike. Each shape is warmed before it is
timed. Ratios come from the rounds as pairs, with a bootstrap interval.
"""

from __future__ import annotations

import csv
import io
import math
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from ner.comparing.timing import Latency
from ner.machine import Machine, describe
from ner.measuring import peak
from ner.models.catalogue import ModelSpec, is_local
from ner.models.child import ensure_prepared
from ner.models.prepared import Prepared
from ner.models.recipes import Variant
from ner.schema import latency_json
from ner.stats import Interval, ratio_interval, ratio_verdict
from ner.tagging.inference import supports_bf16
from ner.tagging.tagger import Model, OpenVinoTagger

Run = Callable[[], object]

ORIGINAL, BF16, INT8, AGAIN = "original FP32", "original BF16", "INT8", "INT8 again"
BARE, PEAK = "bare request", "matrix peak"
LENGTHS = (16, 32, 64, 128, 256, 512)
_WARM_UP = 5


@dataclass(frozen=True)
class Settings:
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
class LatencyRow:
    """One thing at one length: end to end from text to entities, or the bare request for it."""

    row: str
    tokens: int
    latency: Latency


@dataclass(frozen=True)
class ThroughputRow:
    """One thing over the whole file: the ``seconds`` that each pass took."""

    row: str
    texts: int
    seconds: tuple[float, ...]

    @property
    def texts_per_second(self) -> float:
        """Of the median pass."""
        return self.texts / median(self.seconds)


@dataclass(frozen=True)
class Ratio:
    """``numerator`` over ``denominator`` in time, paired by round, with its 95 % interval."""

    numerator: str
    denominator: str
    value: float
    interval: Interval

    @property
    def verdict(self) -> str:
        """In words: how many times faster the denominator is, or that no difference is shown."""
        return ratio_verdict(self.value, self.interval)


@dataclass(frozen=True)
class Benchmark:
    """One run, whole."""

    model: str
    machine: Machine
    before: Conditions
    after: Conditions
    latency: tuple[LatencyRow, ...]
    throughput: tuple[ThroughputRow, ...]
    ratios: Mapping[str, Ratio]
    bytes_on_disk: Mapping[str, int] = field(default_factory=dict)
    memory_bytes: Mapping[str, int] = field(default_factory=dict)
    startup_seconds: tuple[float, ...] = ()
    operations_per_second: Mapping[str, float] = field(default_factory=dict)
    endurance: Endurance | None = None


@dataclass(frozen=True)
class Endurance:
    """What many texts do to INT8, in a process of its own.

    ``growth_bytes`` is how much more is resident after ``texts`` of random lengths than after a
    tenth of them, which warms up; ``tenfold`` the time for ten times the file over the file's;
    ``batch_equals_single`` the share of the file's texts whose entities are the same in a batch
    and alone.
    """

    texts: int
    growth_bytes: int
    tenfold: float
    batch_equals_single: float


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` steps; ``what`` is running."""

    done: int
    total: int
    what: str


class Stopped(Exception):
    """The run was stopped from outside before it was complete."""


@dataclass
class _Meter:
    """Runs what it is given in rounds, reports how far it is, and stops when asked to."""

    rng: random.Random
    report: Callable[[Progress], None]
    stop: Callable[[], bool]
    total: int
    done: int = 0

    def interleave(self, rows: Mapping[str, Run], rounds: int, what: str) -> dict[str, Latency]:
        """Time each of ``rows`` once a round, in a new random order each round."""
        samples: dict[str, list[float]] = {name: [] for name in rows}
        order = list(rows)
        for _ in range(rounds):
            self.rng.shuffle(order)
            for name in order:
                samples[name].append(1000 * peak.seconds_of(rows[name]))
            self.step(what)
        return {name: Latency(tuple(values)) for name, values in samples.items()}

    def step(self, what: str) -> None:
        """Count one step; raises ``Stopped`` when asked to stop."""
        if self.stop():
            raise Stopped
        self.done += 1
        self.report(Progress(self.done, self.total, what))


@dataclass(frozen=True)
class Contestant:
    """A pipeline to be timed: one text, and a whole file, to its entities."""

    tag: Callable[[str], object]
    tag_file: Callable[[Sequence[str]], object]


def run(
    spec: ModelSpec,
    settings: Settings,
    texts: Sequence[str],
    *,
    peers: Mapping[str, Contestant] | None = None,
    self_check: bool = False,
    processes: bool = True,
    endurance: int = 0,
    report: Callable[[Progress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Benchmark:
    """Measure ``spec`` on this machine's CPU; ``texts`` are the file.

    ``peers`` run along. ``self_check`` measures INT8 against itself instead, which must show no
    difference. ``processes`` adds start-up and memory, each in a process of its own, and
    ``endurance`` is how many texts of random length to tag for :class:`Endurance`. ``report`` hears
    of each step, and the run ends with ``Stopped`` once ``stop`` says so. Raises as
    :func:`ner.models.opened.ensure_prepared`.
    """
    prepared = ensure_prepared(spec, tuple(Variant))
    taggers = _taggers(prepared, self_check=self_check)
    contestants = {name: _contestant(tagger) for name, tagger in taggers.items()}
    contestants |= peers or {}
    total = len(settings.lengths) * settings.rounds + settings.passes + 2 * processes
    meter = _Meter(random.Random(settings.seed), report, stop, total)  # noqa: S311 - not a secret
    before = conditions()
    latency = _latency(taggers, contestants, settings, texts, meter)
    file = list(islice(cycle(texts), max(len(texts), settings.file_texts)))
    work, limits = _limits(prepared, taggers, file, settings.peak_runs)
    throughput = _throughput(contestants, limits, settings, file, meter)
    seconds = {one.row: one.seconds for one in throughput}
    return Benchmark(
        model=spec.name,
        machine=describe(),
        before=before,
        after=conditions(),
        latency=tuple(latency),
        throughput=tuple(throughput),
        ratios=_ratios(latency, throughput),
        bytes_on_disk={variant.value: prepared.size(variant) for variant in Variant},
        memory_bytes=_memory(spec, texts, meter) if processes else {},
        startup_seconds=_startup(spec, meter) if processes else (),
        endurance=_endurance(spec, texts, endurance) if endurance else None,
        operations_per_second={
            name: operations / median(seconds[row]) for name, (row, operations) in work.items()
        },
    )


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


def text_of(tagger: OpenVinoTagger, texts: Sequence[str], tokens: int) -> str:
    """A text that is exactly ``tokens`` long, special tokens included, made from ``texts``."""
    joined = " ".join(texts)
    low, high = 1, len(joined)
    while low < high:
        middle = (low + high) // 2
        if tagger.model.count(joined[:middle]) < tokens:
            low = middle + 1
        else:
            high = middle
    return joined[:low]


def _taggers(prepared: Prepared, *, self_check: bool) -> dict[str, OpenVinoTagger]:
    def load(variant: Variant, precision: str = "f32") -> OpenVinoTagger:
        return OpenVinoTagger(Model.load(prepared.variant(variant), precision=precision))

    if self_check:
        return {INT8: load(Variant.INT8), AGAIN: load(Variant.INT8)}
    rows = {ORIGINAL: load(Variant.ORIGINAL)}
    if supports_bf16():
        rows[BF16] = load(Variant.ORIGINAL, "bf16")
    return {**rows, INT8: load(Variant.INT8)}


def _contestant(tagger: OpenVinoTagger) -> Contestant:
    return Contestant(tagger, tagger.tag_many)


def _latency(
    taggers: Mapping[str, OpenVinoTagger],
    contestants: Mapping[str, Contestant],
    settings: Settings,
    texts: Sequence[str],
    meter: _Meter,
) -> list[LatencyRow]:
    """Each contestant, and the bare request of each of our rows, at each length."""
    found = []
    for tokens in settings.lengths:
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
        timed = meter.interleave(rows, settings.rounds, f"{tokens} tokens")
        found += [LatencyRow(name, tokens, latency) for name, latency in timed.items()]
    return found


def _limits(
    prepared: Prepared,
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

    xml = prepared.variant(Variant.ORIGINAL) / "openvino_model.xml"
    per_window = {length: peak.operations(xml, length) for length in {one for _, one in batches}}
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
    settings: Settings,
    texts: Sequence[str],
    meter: _Meter,
) -> list[ThroughputRow]:
    rows: dict[str, Run] = {
        name: partial(contestant.tag_file, texts) for name, contestant in contestants.items()
    }
    rows |= limits
    for warm in rows.values():
        warm()
    timed = meter.interleave(rows, settings.passes, f"{len(texts)} texts")
    return [
        ThroughputRow(name, len(texts), tuple(one / 1000 for one in latency.samples_ms))
        for name, latency in timed.items()
    ]


def _ratios(latency: Sequence[LatencyRow], throughput: Sequence[ThroughputRow]) -> dict[str, Ratio]:
    """Every row over INT8, and INT8 over its bare request, at each length and for the file."""
    series: dict[str, dict[str, tuple[float, ...]]] = {}
    for one in latency:
        series.setdefault(f"{one.tokens} tokens", {})[one.row] = one.latency.samples_ms
    for row in throughput:
        series.setdefault("file", {})[row.row] = row.seconds
    ratios = {}
    for where, rows in series.items():
        for name in rows:
            if name == INT8 or PEAK in name:
                continue
            bare = name.startswith(f"{INT8}, ")
            top, bottom = (INT8, name) if bare else (name, INT8)
            if not bare and BARE in name:
                continue
            value = median(rows[top]) / median(rows[bottom])
            interval = ratio_interval(rows[top], rows[bottom])
            ratios[f"{top} / {bottom}, {where}"] = Ratio(top, bottom, value, interval)
    return ratios


def _startup(spec: ModelSpec, meter: _Meter) -> tuple[float, ...]:
    """Seconds from nothing to the first entity: a new process imports, loads and tags."""
    code = (
        "import sys, time\nbegin = time.perf_counter()\nimport ner\n"
        "ner.load(sys.argv[1])('Ada Lovelace lived in London.')\n"
        "print(time.perf_counter() - begin)"
    )
    meter.step("start-up")
    return tuple(float(_child(code, spec)) for _ in range(5))


def _memory(spec: ModelSpec, texts: Sequence[str], meter: _Meter) -> dict[str, int]:
    """Bytes resident in a process that has loaded one variant and tagged the texts."""
    code = (
        "import sys, psutil, ner\ntexts = sys.stdin.read().split('\\n')\n"
        "ner.load(sys.argv[1], variant=sys.argv[2]).tag_many(texts)\n"
        "print(psutil.Process().memory_info().rss)"
    )
    meter.step("memory")
    stdin = "\n".join(texts)
    return {
        variant.value: int(_child(code, spec, variant.value, stdin=stdin)) for variant in Variant
    }


_ENDURANCE = """
import random, statistics, sys, time
import ner, psutil
texts = [text for text in sys.stdin.read().split("\\n") if text]
count = int(sys.argv[2])
tagger = ner.load(sys.argv[1])
words = " ".join(texts).split()
rng = random.Random(0)
resident = []
for number in range(count + 1):
    if number in (count // 10, count):
        resident.append(psutil.Process().memory_info().rss)
    begin = rng.randrange(len(words))
    tagger(" ".join(words[begin : begin + rng.randint(1, 300)]))
ratios = []
for _ in range(5):
    times = []
    for lines in (texts, texts * 10):
        begin = time.perf_counter()
        tagger.tag_many(lines)
        times.append(time.perf_counter() - begin)
    ratios.append(times[1] / times[0])
def spans(tagged):
    return [(one.start, one.end, one.label) for one in tagged.entities]
together = tagger.tag_many(texts)
same = sum(spans(tagger(text)) == spans(one) for text, one in zip(texts, together))
print(resident[1] - resident[0], statistics.median(ratios), same / len(texts))
"""


def _endurance(spec: ModelSpec, texts: Sequence[str], count: int) -> Endurance:
    growth, tenfold, same = _child(_ENDURANCE, spec, str(count), stdin="\n".join(texts)).split()
    return Endurance(count, int(growth), float(tenfold), float(same))


def _child(code: str, spec: ModelSpec, *arguments: str, stdin: str = "") -> str:
    name = str(spec.folder) if is_local(spec) else spec.name
    done = subprocess.run(  # noqa: S603 - the code is ours, the name checked
        [sys.executable, "-c", code, name, *arguments],
        cwd=Path(__file__).parents[2],  # where ``ner`` is found
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def summary(result: Benchmark) -> str:
    """What the file's ratios say, in one sentence."""
    ratio = result.ratios.get(f"{ORIGINAL} / {INT8}, file")
    if ratio is None:
        return "INT8 was measured against itself: " + "; ".join(
            one.verdict for one in result.ratios.values() if one.numerator == AGAIN
        )
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
    for one in result.latency:
        timed = latency_json(one.latency)
        table.writerow(["latency", one.row, one.tokens, *timed.values(), ""])
    for row in result.throughput:
        rate = round(row.texts_per_second, 2)
        table.writerow(["throughput", row.row, "", "", "", len(row.seconds), rate])
    return written.getvalue()


def benchmark_json(result: Benchmark) -> dict[str, Any]:
    """What ``bench`` answers: times in milliseconds, rates per second, sizes in bytes."""
    return {
        "model": result.model,
        "machine": asdict(result.machine),
        "conditions": {"before": asdict(result.before), "after": asdict(result.after)},
        "order": "every round in a new random order; warmed for each shape",
        "latency": [
            {"row": one.row, "tokens": one.tokens, **latency_json(one.latency)}
            for one in result.latency
        ],
        "throughput": [
            {
                "row": one.row,
                "texts": one.texts,
                "texts_per_second": round(one.texts_per_second, 2),
                "seconds": [round(seconds, 5) for seconds in one.seconds],
                "n": len(one.seconds),
            }
            for one in result.throughput
        ],
        "ratios": {name: _ratio_json(ratio) for name, ratio in result.ratios.items()},
        "bytes_on_disk": dict(result.bytes_on_disk),
        "memory_bytes": dict(result.memory_bytes),
        "startup_seconds": [round(one, 3) for one in result.startup_seconds],
        "endurance": None if result.endurance is None else asdict(result.endurance),
        "operations_per_second": {
            name: round(value) for name, value in result.operations_per_second.items()
        },
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
