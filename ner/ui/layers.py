"""On tab 'Choose': which layers carry the error of INT8, on the same text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import gradio as gr

from ner.choosing.layers import LayerErrors, layer_errors, layer_errors_json
from ner.choosing.measure import Sample
from ner.markup import notice
from ner.measuring.rounds import BenchmarkStep
from ner.models.catalogue import ModelSpec
from ner.models.child import Stage, ensure_prepared
from ner.models.prepared import find_offered
from ner.models.variants import default_sides
from ner.serving.admission import WAITING
from ner.serving.service import Service
from ner.ui.progress import LongRun, catch_failures, run_in_background, stage_sentence
from ner.ui.views.layers import layers_chart

_ABOUT = (
    "When INT8 falls short: which layers its error comes from, measured on the text above in about "
    "a minute, and whether leaving the first one in BF16 would help."
)
SampleReader = Callable[[str, bool, ModelSpec, int], tuple[Sample, str]]
"""What to measure on: the tab's text, whether it is gold, the model, the most characters."""


@dataclass(frozen=True)
class LayersHandler:
    """What pressing the button does."""

    service: Service
    read: SampleReader

    def answer(self, text: str, gold: bool, left: str) -> Iterator[str]:
        """Progress while it runs, then the chart; ended early it stops measuring too."""
        run = LongRun(self.service)
        results = run.follow(self._answer(text or "", gold, left, run), notice)
        yield from catch_failures(results, partial(notice, kind="problem"))

    def _answer(self, text: str, gold: bool, left: str, run: LongRun) -> Iterator[str]:
        spec = find_offered(left).spec
        sample, _ = self.read(text, gold, spec, self.service.bounds.lines_characters)
        if self.service.long.taken:
            yield notice(WAITING, kind="progress")
        errors = yield from run_in_background(partial(self._measure, spec, sample.texts, run))
        yield layers_chart(layer_errors_json(errors))

    def _measure(
        self,
        spec: ModelSpec,
        texts: Sequence[str],
        run: LongRun,
        tell: Callable[[str], None],
    ) -> LayerErrors:
        def tell_stage(stage: Stage) -> None:
            tell(notice(stage_sentence(stage), kind="progress"))

        def tell_step(step: BenchmarkStep) -> None:
            tell(notice(f"Measured {step.done} of {step.total}: {step.what} …", kind="progress"))

        int8, original = (
            ensure_prepared(variant, report=tell_stage) for variant in reversed(default_sides(spec))
        )
        with run.place():
            return layer_errors(
                original.folder, int8.folder, texts, report=tell_step, stop=run.stopped
            )


def add_layers(
    text: gr.Textbox, gold: gr.Checkbox, left: gr.Dropdown, service: Service, read: SampleReader
) -> None:
    """Put the button and its chart into the Blocks at hand, and connect them."""
    with gr.Accordion("Which layers carry the error", open=False):
        gr.HTML(notice(_ABOUT), js_on_load=None, apply_default_css=False)
        start = gr.Button("Measure the layers of INT8", elem_id="choose-layers-start", scale=0)
        chart = gr.HTML("", elem_id="choose-layers", js_on_load=None, apply_default_css=False)
    start.click(
        LayersHandler(service, read).answer,
        [text, gold, left],
        chart,
        show_progress="hidden",
        trigger_mode="once",
        # Beside tagging, not before it; two at once would spoil each other.
        concurrency_id="measure",
        concurrency_limit=1,
        api_visibility="private",
    )
