"""Tab 'Measure': a short benchmark here and now, beside the recorded runs."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from ner.markup import macro, megabytes, milliseconds, notice
from ner.measuring import benchmark
from ner.measuring.benchmark import Benchmark, BenchmarkPlan
from ner.measuring.report import benchmark_csv, benchmark_json, summary
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.measuring.rows import BARE, PEAK
from ner.models.catalogue import ModelSpec, assets, calibration_file, read_texts
from ner.models.prepared import find_offered
from ner.models.variants import default_sides
from ner.serving.admission import WAITING, ClientDisconnected
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.ui.controls import SideControls
from ner.ui.progress import Loader, catch_failures, open_sides_with_progress, run_in_background
from ner.ui.views.charts import Bar, bar_chart, line_chart

# A quarter of a minute on two cores.
_QUICK = BenchmarkPlan(lengths=(16, 32, 64, 128), rounds=24, passes=6, peak_runs=5)
_TEXTS = 100


@dataclass(frozen=True)
class MeasureHandler:
    """What pressing Measure does; ``running`` holds, by session, what stops its run.

    Gradio's own way of cancelling an event leaves its button dead.
    """

    load: Loader
    service: Service
    plan: BenchmarkPlan = _QUICK
    running: dict[str | None, threading.Event] = field(default_factory=dict, repr=False)

    def answer(self, request: gr.Request, left: str) -> Iterator[str]:
        """Progress while it runs, then the result; ended early it stops measuring too."""
        stopping = self.running[request.session_hash] = threading.Event()
        try:
            yield from catch_failures(
                self._measure(left, stopping), partial(notice, kind="problem")
            )
        finally:
            self.running.pop(request.session_hash, None)

    def stop(self, request: gr.Request) -> None:
        """End the run of this session after the step that it is at."""
        if request.session_hash in self.running:
            self.running[request.session_hash].set()

    def _measure(self, left: str, stopping: threading.Event) -> Iterator[str]:
        spec = find_offered(left).spec
        left, right = (variant.name for variant in default_sides(spec))
        yield from open_sides_with_progress(
            self.load, left, right, "CPU", partial(notice, kind="progress")
        )
        if self.service.long.taken:
            yield notice(WAITING, kind="progress")
        yield from self._results(spec, stopping)

    def _results(self, spec: ModelSpec, stopping: threading.Event) -> Iterator[str]:
        def stopped() -> bool:
            return stopping.is_set() or self.service.readiness.draining

        def run(tell: Callable[[str], None]) -> Benchmark:
            texts = read_texts(calibration_file(spec))[:_TEXTS]
            # In the thread that measures: its slot is free when it has ended, and no sooner.
            with self.service.long.slot(disconnected=lambda: stopped() or client_disconnected()):
                return benchmark.run(
                    spec,
                    self.plan,
                    texts,
                    processes=False,
                    report=lambda step: tell(_progress(step)),
                    stop=stopped,
                )

        try:
            result = yield from run_in_background(run)
            yield show_run(result, f"python -m ner bench --model {spec.name}")
        except (Stopped, ClientDisconnected):
            yield notice(self.service.readiness.ended)
        finally:
            # A visitor who leaves closes this; the work is to end with its step.
            stopping.set()


def _progress(step: BenchmarkStep) -> str:
    return notice(f"Measuring, {step.done} of {step.total}: {step.what} …", kind="progress")


@dataclass(frozen=True, slots=True)
class RatioRow:
    """A ratio of times as the page writes it."""

    name: str
    value: str
    interval: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the template lays it out: charts, and rows of tables with their cells."""

    chart: Markup
    latency: list[tuple[str, list[str]]]
    ratios: list[RatioRow]
    bars: tuple[Markup, ...] = ()
    throughput: list[tuple[str, list[str]]] = field(default_factory=list)
    title: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file that lies in the page itself."""

    name: str
    kind: str
    text: str

    @property
    def url(self) -> str:
        """Its content as a link."""
        return f"data:{self.kind};base64,{base64.b64encode(self.text.encode()).decode()}"


def show_run(result: Benchmark, command: str) -> Markup:
    """The whole result of a run; ``command`` repeats it at full length."""
    answer = benchmark_json(result)
    run = Run(
        _latency_chart(answer), _latency_rows(answer), _ratio_rows(answer), bars=_bars(result)
    )
    files = (
        Download("benchmark.json", "application/json", json.dumps(answer, indent=1)),
        Download("benchmark.csv", "text/csv", benchmark_csv(result)),
    )
    circumstances = _circumstances(result, command)
    return macro("ner.ui", "measure.html", "result", summary(result), run, circumstances, files)


def show_records(records: Sequence[tuple[str, Mapping[str, Any]]]) -> Markup:
    """Runs that were made earlier, each with its date and machine; empty if there are none."""
    runs = [
        Run(
            _latency_chart(record),
            _latency_rows(record),
            _ratio_rows(record),
            throughput=_throughput_rows(record),
            title=f"Recorded: {record['model']}, {record['date']}",
            note=f"{record['machine']['cpu']}, {record['machine']['cores']} cores, "
            f"{', '.join(record['machine']['vector_extensions'])}. {name}: {record['command']}",
        )
        for name, record in records
    ]
    return macro("ner.ui", "measure.html", "records", runs)


def _row_name(name: str) -> str:
    """A row of a benchmark in a reader's words."""
    return re.sub(f"{BARE}s?", "the model alone", name)


def _latency_chart(answer: Mapping[str, Any]) -> Markup:
    """Medians over length, without those of the model alone."""
    series: dict[str, list[tuple[float, float]]] = {}
    for row in answer["latency"]:
        if BARE not in row["row"]:
            series.setdefault(row["row"], []).append((row["tokens"], row["median_ms"]))
    return line_chart("Latency over length", "tokens of the text", "median, ms", series)


def _latency_rows(answer: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (
            _row_name(row["row"]),
            [
                str(row["tokens"]),
                milliseconds(row["median_ms"]),
                milliseconds(row["p95_ms"]),
                str(row["n"]),
            ],
        )
        for row in answer["latency"]
    ]


def _bars(result: Benchmark) -> tuple[Markup, ...]:
    rates = [
        Bar(_row_name(row.row), row.texts_per_second, f"{row.texts_per_second:.0f} a second")
        for row in result.throughput
        if PEAK not in row.row
    ]
    sizes = [
        Bar(name, size, megabytes(size))
        for name, size in zip(("original", "INT8"), result.bytes_on_disk.values(), strict=True)
    ]
    ratio = sizes[0].value / sizes[1].value
    return (
        bar_chart("Texts a second, in batches", rates, f"{result.throughput[0].texts} texts"),
        bar_chart("Size on disk", sizes, f"INT8 is {ratio:.1f} × smaller"),
    )


def _throughput_rows(answer: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (_row_name(row["row"]), [f"{row['texts_per_second']:.0f}", str(row["n"])])
        for row in answer["throughput"]
        if PEAK not in row["row"]
    ]


def _ratio_rows(answer: Mapping[str, Any]) -> list[RatioRow]:
    return [
        RatioRow(_row_name(name), f"{ratio['value']:.2f}", _interval(ratio), ratio["verdict"])
        for name, ratio in answer["ratios"].items()
    ]


def _interval(ratio: Mapping[str, Any]) -> str:
    high = "∞" if ratio["high"] is None else f"{ratio['high']:.2f}"
    return f"{ratio['low']:.2f}–{high}"


def _circumstances(result: Benchmark, command: str) -> list[tuple[str, str]]:
    before, after = result.before, result.after
    stolen = after.steal_seconds - before.steal_seconds
    throttled = after.throttled_seconds - before.throttled_seconds
    versions = ", ".join(f"{name} {version}" for name, version in result.machine.versions.items())
    return [
        ("Machine", result.machine.summary),
        ("CPU time lost to other work", f"{stolen:.2f} s stolen, {throttled:.2f} s throttled"),
        ("Load before and after", f"{before.load:.1f}, {after.load:.1f}"),
        ("Order", "each round in a new random order; warmed for each shape"),
        ("Versions", versions),
        ("Reproduce at full length", command),
    ]


def add_measure_tab(load: Loader, chosen: SideControls, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    with gr.Row(elem_id="measure-ask"):
        start = gr.Button("Measure here and now", variant="primary", scale=0, min_width=230)
        stop = gr.Button("Stop", scale=0, min_width=80)
    gr.HTML(
        notice(
            "Times original and INT8 on this machine's CPU, a quarter of a minute: latency by "
            "length, throughput in batches, against the model alone. Others on this machine "
            "lengthen the times; the ratios come from runs side by side."
        ),
        js_on_load=None,
        apply_default_css=False,
    )
    result = gr.HTML("", elem_id="measured", js_on_load=None, apply_default_css=False)
    gr.HTML(show_records(_records()), js_on_load=None, apply_default_css=False)
    handler = MeasureHandler(load, service)
    start.click(
        handler.answer,
        chosen.left,
        result,
        show_progress="hidden",
        # Beside tagging, not before it; two at once would spoil each other.
        concurrency_id="measure",
        concurrency_limit=1,
        api_visibility="private",
    )
    stop.click(handler.stop, None, None, queue=False, api_visibility="private")


def _records() -> list[tuple[str, dict[str, Any]]]:
    """The recorded runs, by file name."""
    files = sorted((assets() / "results").glob("bench-*.json"))
    return [(file.name, json.loads(file.read_text(encoding="utf-8"))) for file in files]
