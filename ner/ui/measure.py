"""Tab 'Measure': a short benchmark here and now, beside the recorded runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr

from ner.measuring import benchmark
from ner.measuring.benchmark import Benchmark, BenchmarkPlan
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.models.catalogue import ModelSpec, assets, calibration_file, read_texts
from ner.models.prepared import find_offered
from ner.render import notice
from ner.serving.admission import WAITING, ClientDisconnected
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.ui.measure_view import measured, recorded
from ner.ui.progress import Loader, catch_failures, open_sides_with_progress, run_in_background

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

    def answer(self, request: gr.Request, model: str) -> Iterator[str]:
        """Progress while it runs, then the result; ended early it stops measuring too."""
        stopping = self.running[request.session_hash] = threading.Event()
        try:
            yield from catch_failures(
                self._measured(model, stopping), partial(notice, kind="problem")
            )
        finally:
            self.running.pop(request.session_hash, None)

    def stop(self, request: gr.Request) -> None:
        """End the run of this session after the step that it is at."""
        if request.session_hash in self.running:
            self.running[request.session_hash].set()

    def _measured(self, model: str, stopping: threading.Event) -> Iterator[str]:
        spec = find_offered(model)
        yield from open_sides_with_progress(
            self.load, spec, "CPU", partial(notice, kind="progress")
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
                    report=lambda step: tell(_under_way(step)),
                    stop=stopped,
                )

        try:
            result = yield from run_in_background(run)
            yield measured(result, f"python -m ner bench --model {spec.name}")
        except (Stopped, ClientDisconnected):
            yield notice(self.service.readiness.ended)
        finally:
            # A visitor who leaves closes this; the work is to end with its step.
            stopping.set()


def _under_way(step: BenchmarkStep) -> str:
    return notice(f"Measuring, {step.done} of {step.total}: {step.what} …", kind="progress")


def add_measure_tab(load: Loader, model: gr.Dropdown, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    with gr.Row(elem_id="measure-ask"):
        start = gr.Button("Measure here and now", variant="primary", scale=0, min_width=230)
        stop = gr.Button("Stop", scale=0, min_width=80)
    gr.HTML(
        notice(
            "Times original and INT8 on this machine's CPU, a quarter of a minute: latency by "
            "length, throughput in batches, against the bare request. Others on this machine "
            "lengthen the times; the ratios come from runs side by side."
        ),
        js_on_load=None,
        apply_default_css=False,
    )
    result = gr.HTML("", elem_id="measured", js_on_load=None, apply_default_css=False)
    gr.HTML(recorded(_records()), js_on_load=None, apply_default_css=False)
    handler = MeasureHandler(load, service)
    start.click(
        handler.answer,
        model,
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
