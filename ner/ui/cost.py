"""On tab 'Choose': what a million texts cost with the recipe on side B, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from ner.choosing.capacity import COST_COLUMNS, Cost, check_terms, cost_rows
from ner.markup import Cell, macro, notice
from ner.measuring.capacity import Capacity, measure_capacity
from ner.measuring.rounds import BenchmarkStep
from ner.models.child import Stage, ensure_prepared
from ner.models.prepared import find_offered
from ner.models.variants import Variant
from ner.serving.admission import WAITING
from ner.serving.service import Service
from ner.ui.layers import SampleReader
from ner.ui.progress import LongRun, catch_failures, run_in_background, stage_sentence
from ner.ui.views.tables import Row, Table

_ABOUT = (
    "How many texts a second the recipe on side B tags here, on the text above, in a quarter of a "
    "minute: 95 of 100 requests are answered within the time that you allow."
)
_USUAL_MS = 20


@dataclass(frozen=True)
class Measured:
    """What was measured in this session: which variant, on which texts, and how fast it is."""

    variant: Variant
    texts: str
    capacities: tuple[Capacity, ...]


_Answer = tuple[str, Measured | None]


@dataclass(frozen=True)
class CostHandler:
    """What the form does."""

    service: Service
    read: SampleReader

    def answer(
        self, text: str, gold: bool, right: str, p95_ms: float | None, price: float | None
    ) -> Iterator[_Answer]:
        """Progress while it measures, then what it costs; ended early it stops measuring too."""
        run = LongRun(self.service)
        results = run.follow(
            self._answer(text or "", gold, right, (p95_ms or 0.0, price), run),
            lambda sentence: (notice(sentence), None),
        )
        yield from catch_failures(
            results, lambda sentence: (notice(sentence, kind="problem"), None)
        )

    def price(
        self, measured: Measured | None, p95_ms: float | None, price: float | None
    ) -> Iterator[Any]:
        """By another time or price, on what was measured."""
        yield from catch_failures(
            self._price(measured, (p95_ms or 0.0, price)), partial(notice, kind="problem")
        )

    def _price(self, measured: Measured | None, terms: tuple[float, float | None]) -> Iterator[Any]:
        yield gr.skip() if measured is None else _show(measured, terms)

    def _answer(
        self,
        text: str,
        gold: bool,
        right: str,
        terms: tuple[float, float | None],
        run: LongRun,
    ) -> Iterator[_Answer]:
        # Before anything is measured, so that a mistake in them costs no time.
        check_terms(*terms)
        variant = find_offered(right)
        limit = self.service.bounds.lines_characters
        sample, texts = self.read(text, gold, variant.spec, limit)
        if self.service.long.taken:
            yield notice(WAITING, kind="progress"), None
        capacities = yield from run_in_background(
            partial(self._measure, variant, sample.texts, run)
        )
        measured = Measured(variant, texts, capacities)
        yield _show(measured, terms), measured

    def _measure(
        self,
        variant: Variant,
        texts: Sequence[str],
        run: LongRun,
        tell: Callable[[_Answer], None],
    ) -> tuple[Capacity, ...]:
        def say(sentence: str) -> None:
            tell((notice(sentence, kind="progress"), None))

        def tell_stage(stage: Stage) -> None:
            say(stage_sentence(stage))

        def tell_step(step: BenchmarkStep) -> None:
            say(f"Measured {step.done} of {step.total} rounds …")

        folder = ensure_prepared(variant, report=tell_stage).folder
        with run.place():
            say(f"Measuring {variant.title} …")
            return measure_capacity(
                folder,
                texts,
                precision=variant.recipe.precision,
                report=tell_step,
                stop=run.stopped,
            )


def _show(measured: Measured, terms: tuple[float, float | None]) -> str:
    """The answer in words, and the setups below it."""
    cost = Cost(measured.capacities, *terms)
    rows = tuple(Row(name, tuple(map(Cell, cells))) for name, *cells in cost_rows(cost))
    sentence = f"{measured.variant.title}, on {measured.texts}. {cost.sentence}"
    table = Table("Setups", COST_COLUMNS, rows)
    return macro("ner.ui", "price.html", "answer", sentence, table)


def add_cost(
    text: gr.Textbox, gold: gr.Checkbox, right: gr.Dropdown, service: Service, read: SampleReader
) -> None:
    """Put the form and its answer into the Blocks at hand, and connect them."""
    handler = CostHandler(service, read)
    with gr.Accordion("What a million texts cost", open=False):
        gr.HTML(notice(_ABOUT), js_on_load=None, apply_default_css=False)
        terms, start = _form()
        answer = gr.HTML("", elem_id="choose-cost", js_on_load=None, apply_default_css=False)
    measured = gr.State(None)
    start.click(
        handler.answer,
        [text, gold, right, *terms],
        [answer, measured],
        show_progress="hidden",
        trigger_mode="once",
        # Beside tagging, not before it; two at once would spoil each other.
        concurrency_id="measure",
        concurrency_limit=1,
        api_visibility="private",
    )
    gr.on(
        [term.change for term in terms],
        handler.price,
        [measured, *terms],
        answer,
        show_progress="hidden",
        api_visibility="private",
    )


def _form() -> tuple[list[gr.Number], gr.Button]:
    """The most milliseconds at p95 and the price of an hour; the button."""
    with gr.Row(elem_classes="settings"):
        terms = [
            gr.Number(label=label, value=value, elem_classes="beside narrow", scale=0)
            for label, value in (("At most (ms, p95)", _USUAL_MS), ("Price per hour", None))
        ]
        start = gr.Button("What does a million texts cost?", elem_id="choose-cost-start", scale=0)
    return terms, start
