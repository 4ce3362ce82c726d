"""Tab 'Choose': which recipe, for this model, this text and this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr

from ner.choosing.contenders import made_recipes, open_contenders, unmade
from ner.choosing.measure import Measured, Sample, measure
from ner.choosing.memory import SHORT
from ner.choosing.report import choice_json
from ner.choosing.rule import Limits, recommend
from ner.choosing.workloads import usual
from ner.errors import InputError
from ner.files.gold import parse_gold
from ner.io import split_lines
from ner.markup import notice
from ner.models.catalogue import ModelSpec, assets
from ner.models.child import ensure_prepared
from ner.models.folder import texts_for
from ner.models.names import resolve
from ner.progress import Progress, Stopped, finish
from ner.serving.admission import WAITING
from ner.serving.service import Service
from ner.ui.controls import SideControls, limits_form, read_upload
from ner.ui.progress import (
    LongRun,
    Value,
    as_gradio_errors,
    catch_failures,
    message,
    problem,
    progress,
    result_component,
    run_in_background,
    stage_sentence,
)
from ner.ui.views.choose import choice_value, recorded_choice

# Between two sentences on how far it is, in seconds.
_TOLD_EVERY = 0.3
_NOTHING_YET = (
    "Press Measure: every recipe tags and times your texts here and now, in turns; a hundred lines "
    "take about 15 seconds. Other work on this machine slows all recipes alike."
)
_OPENING = "Opening every recipe of the model …"
# The left, the right variant and the limits, as the components give them.
_Settings = tuple[str, str, float | None, float | None, float | None]


@dataclass(frozen=True)
class Results:
    """What was measured in this session: the recipes of a model, and on which texts."""

    spec: ModelSpec
    measured: tuple[Measured, ...]
    texts: str


_Answer = tuple[Value, Results | None]


@dataclass(frozen=True)
class ChooseHandler:
    """What the tab's buttons do; ``running`` holds, by session, what stops its run.

    Gradio's own way of cancelling an event leaves its button dead.
    """

    service: Service
    running: dict[str | None, threading.Event] = field(default_factory=dict, repr=False)

    def answer(
        self, request: gr.Request, text: str, gold: bool, device: str, *settings: *_Settings
    ) -> Iterator[_Answer]:
        """Progress while it runs, then the result; ended early it stops measuring too."""
        run = LongRun(self.service)
        self.running[request.session_hash] = run.stopping
        try:
            results = run.follow(
                self._answer(text or "", gold, device, settings, run),
                lambda sentence: (message(sentence), None),
            )
            yield from catch_failures(results, lambda sentence: (problem(sentence), None))
        finally:
            self.running.pop(request.session_hash, None)

    def stop(self, request: gr.Request) -> None:
        """End the run of this session after the step that it is at."""
        if request.session_hash in self.running:
            self.running[request.session_hash].set()

    def decide(self, measured: Results | None, *settings: *_Settings) -> Iterator[Any]:
        """The rule once more, by other limits or for other sides, on what was measured."""
        yield from catch_failures(self._decide(measured, settings), problem)

    def _decide(self, measured: Results | None, settings: _Settings) -> Iterator[Any]:
        yield gr.skip() if measured is None else _show(measured, settings)

    def make(self, name: str) -> Iterator[str]:
        """Make the recipe ``name`` (``model#recipe``); gives sentences on how far it is."""
        yield from catch_failures(self._make(name), partial(notice, kind="problem"))

    def _make(self, name: str) -> Iterator[str]:
        variant = resolve(name, visitor=True)

        def make(tell: Callable[[str], None]) -> None:
            ensure_prepared(
                variant, report=lambda stage: tell(notice(stage_sentence(stage), kind="progress"))
            )

        yield notice(f"Making {variant.title} …", kind="progress")
        yield from run_in_background(make)
        yield notice(f"{variant.title} is made. Press Measure to have it measured with the others.")

    def _answer(
        self,
        text: str,
        gold: bool,
        device: str,
        settings: _Settings,
        run: LongRun,
    ) -> Iterator[_Answer]:
        # Before anything is measured, so that a mistake in them costs no time.
        _limits(settings)
        spec = resolve(settings[0], visitor=True).spec
        sample, texts = _sample(text, gold, spec, self.service.bounds.lines_characters)
        yield progress(WAITING if self.service.long.taken else _OPENING), None
        measured = yield from run_in_background(partial(self._measure, spec, device, sample, run))
        results = Results(spec, measured, texts)
        yield _show(results, settings), results

    def _measure(
        self,
        spec: ModelSpec,
        device: str,
        sample: Sample,
        run: LongRun,
        tell: Callable[[_Answer], None],
    ) -> tuple[Measured, ...]:
        def say(sentence: str) -> None:
            tell((progress(sentence), None))

        contenders = open_contenders(
            spec,
            made_recipes(spec),
            device=device,
            report=lambda stage: say(stage_sentence(stage)),
        )
        say_now_and_then = _now_and_then(say)

        def hear(step: Progress) -> None:
            if run.stopped():
                raise Stopped
            say_now_and_then(step)

        with run.place():
            return finish(measure(contenders, sample, usual(sample.texts), SHORT), hear)


def _show(results: Results, settings: _Settings) -> Value:
    choice = recommend(results.measured, _limits(settings))
    answer = choice_json(choice, results.measured, results.texts, unmade(results.spec))
    return choice_value(answer, settings[:2])


def _limits(settings: _Settings) -> Limits:
    """The limits of the form, which has the agreement in per cent; an empty field or 0 is none."""
    *_, time_limit, size_limit, agreement = settings
    return Limits(time_limit or None, size_limit or None, agreement / 100 if agreement else None)


def _sample(text: str, gold: bool, spec: ModelSpec, limit: int) -> tuple[Sample, str]:
    """What to measure on, and what it is called; without a text the model's own check texts."""
    if len(text) > limit:
        raise InputError(
            f"That is over the {limit:,} characters that are taken here. For more, use the command "
            "line: python -m ner choose --texts FILE."
        )
    lines = [line for line in split_lines(text) if gold or line.strip()]
    if not text.strip():
        return Sample(texts_for(spec).gate), "the model's check texts"
    if gold:
        return Sample.of_gold(parse_gold(lines, "The gold")), "your gold"
    return Sample(tuple(lines)), "your text"


def _now_and_then(say: Callable[[str], None]) -> Callable[[Progress], None]:
    """Tells of steps, but of no more than a reader can follow."""
    last = [0.0]

    def report(step: Progress) -> None:
        if time.monotonic() - last[0] >= _TOLD_EVERY:
            last[0] = time.monotonic()
            say(f"Measuring, {step.done:,} of {step.total:,}: {step.what} …")

    return report


def add_choose_tab(chosen: SideControls, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    handler = ChooseHandler(service)
    text, gold = _text_form(service.bounds.lines_characters)
    limits, start, stop = limits_form()
    measured = gr.State(None)
    making = gr.HTML("", elem_id="choose-made", js_on_load=None, apply_default_css=False)
    result = result_component(message(_NOTHING_YET), "chosen", "choosing.mount")
    settings: list[gr.Dropdown | gr.Number] = [chosen.left, chosen.right, *limits]
    run = start.click(
        handler.answer,
        [text, gold, chosen.device, *settings],
        [result, measured],
        js="(...values) => (choosing.busy(values), values)",
        show_progress="hidden",
        # Beside tagging, not before it; two at once would spoil each other.
        concurrency_id="measure",
        concurrency_limit=1,
        api_visibility="private",
    )
    _grow_old(run, chosen, text, gold)
    stop.click(handler.stop, None, None, queue=False, api_visibility="private")
    _connect_limits(handler, settings, measured, result)
    _connect_picture(handler, chosen, making)
    _add_records()


def _connect_limits(
    handler: ChooseHandler,
    settings: list[gr.Dropdown | gr.Number],
    measured: gr.State,
    result: gr.HTML,
) -> None:
    """Other limits, or other sides, give another answer from what was measured."""
    gr.on(
        [part.change for part in settings],
        handler.decide,
        [measured, *settings],
        result,
        show_progress="hidden",
        api_visibility="private",
    )


def _grow_old(
    run: gr.events.Dependency, chosen: SideControls, text: gr.Textbox, gold: gr.Checkbox
) -> None:
    """How the page knows that the result of ``run`` is not of what stands in the form."""
    run.then(None, js="() => choosing.done()")
    # A request that is refused before it is begun has only this.
    run.failure(None, js="() => choosing.done()")
    gr.on(
        [text.change, gold.change, chosen.device.change, chosen.left.change],
        None,
        [text, gold, chosen.device, chosen.left],
        js="(...now) => choosing.check(now)",
        api_visibility="private",
    )


def _text_form(limit: int) -> tuple[gr.Textbox, gr.Checkbox]:
    text = gr.Textbox(
        label="Your texts, one to a line. Left empty: the texts the model was checked on when made",
        placeholder="A few hundred lines of what the model is to read",
        lines=3,
        max_lines=10,
        elem_id="choose-text",
    )
    with gr.Row(elem_classes="settings"):
        upload = gr.UploadButton("Load a file", elem_id="choose-file", scale=0, size="sm")
        gold = gr.Checkbox(
            label="These are labelled (gold), in any form that Evaluate reads",
            scale=0,
            min_width=320,
        )
    upload.upload(
        as_gradio_errors(partial(read_upload, limit=limit)),
        upload,
        text,
        show_progress="hidden",
        api_visibility="private",
    )
    return text, gold


def _connect_picture(handler: ChooseHandler, chosen: SideControls, making: gr.HTML) -> None:
    """What a press on a recipe does: the script presses these, which nobody sees."""
    put = gr.Button(visible="hidden", elem_id="choose-put")
    put.click(None, None, chosen.right, js="() => choosing.picked()", api_visibility="private")
    name = gr.Textbox(visible="hidden")
    make = gr.Button(visible="hidden", elem_id="choose-make")
    make.click(
        handler.make,
        name,
        making,
        js="() => choosing.picked()",
        show_progress="hidden",
        concurrency_id="measure",
        concurrency_limit=1,
        api_visibility="private",
    )


def _add_records() -> None:
    """Runs that were made earlier, as the same picture and table."""
    for file in sorted((assets() / "results").glob("choose-*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        gr.HTML(recorded_choice(file.name, record), js_on_load=None, apply_default_css=False)
