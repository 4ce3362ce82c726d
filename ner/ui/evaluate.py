"""Tab 'Evaluate': can INT8 be shipped for this text? With gold, or without."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from ner.comparing.gold_origin import read_origins
from ner.comparing.origin import Origin
from ner.entities import Annotated
from ner.errors import InputError
from ner.evaluating import evaluation
from ner.evaluating.report import AgreementReport, Report, report_sides
from ner.files.gold import gold_of_lines, parse_gold, read_gold
from ner.io import check_length, read_lines, split_lines
from ner.markup import notice
from ner.models.catalogue import assets
from ner.models.names import resolve
from ner.models.open import Sides
from ner.serving.admission import WAITING
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.controls import (
    GOLD_SETS,
    Form,
    SideControls,
    fingerprint,
    gold_form,
    lines_form,
    own_set_form,
)
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    catch_failures,
    describe_failure,
    message,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)
from ner.ui.tag import aggregation_dropdown, plain_html
from ner.ui.views.agreement import agreement_value
from ner.ui.views.evaluate import evaluation_value
from ner.ui.views.recorded import recorded_html

# Left, right, device, aggregation, labels and points, as the components give them to
# `EvaluateRequest`.
_Settings = tuple[str, str, str, str, str | None, float]
_Path = str | None


@dataclass(frozen=True)
class EvaluateRequest:
    """What stands above all three ways in; ``points`` are of F1, in per cent."""

    left: str
    right: str
    device: str
    aggregation: str
    labels: str | None
    points: float

    @property
    def choice(self) -> Choice:
        """The aggregation, and the labels to count."""
        return Choice.parse(self.aggregation, labels=self.labels)

    @property
    def max_loss(self) -> float:
        """The accepted loss in points; ``InputError`` where it can't be one."""
        if not isinstance(self.points, int | float) or not 0 < self.points <= 100:
            raise InputError("The accepted loss is a number of F1 points over 0, such as 1.")
        return self.points


@dataclass(frozen=True)
class EvaluateHandler:
    """What the three buttons do; each yields results, or sentences in their place."""

    load: Loader
    service: Service

    def evaluate_set(self, name: str, lowercase: bool, *settings: *_Settings) -> Iterator[Value]:
        """Score both sides on a gold set of the project."""
        results = self._score_set(name, lowercase, EvaluateRequest(*settings))
        yield from catch_failures(results, problem)

    def evaluate_gold(
        self, gold: str, first: _Path, second: _Path, lowercase: bool, *settings: *_Settings
    ) -> Iterator[Value]:
        """Score both sides, or one or two files of predictions, on the visitor's gold."""
        files = [Path(path) for path in (first, second) if path]
        results = self._score_gold(gold or "", files, lowercase, EvaluateRequest(*settings))
        yield from catch_failures(results, problem)

    def compare_lines(self, text: str, *settings: *_Settings) -> Iterator[Value]:
        """Compare both sides on lines without gold."""
        yield from catch_failures(self._compare(text or "", EvaluateRequest(*settings)), problem)

    def _score_set(self, name: str, lowercase: bool, request: EvaluateRequest) -> Iterator[Value]:
        if name not in GOLD_SETS.values():
            raise InputError(f"There is no gold set {str(name)[:40]!r}.")
        gold = read_gold(assets() / "gold" / f"{name}.conll")
        yield from self._score_models(gold, lowercase, request, f"{name}, built in")

    def _score_gold(
        self, text: str, files: list[Path], lowercase: bool, request: EvaluateRequest
    ) -> Iterator[Value]:
        if not text.strip():
            yield message("Paste gold or load a file, then press Evaluate.")
            return
        limit = self.service.bounds.gold_characters
        check_length(len(text), limit)
        lines = split_lines(text)
        read = gold_of_lines(lines, "The gold")
        gold, hints = read.texts, list(read.notes)
        if not files:
            began = read_origins(lines)
            name = fingerprint("your gold", text)
            yield from self._score_models(gold, lowercase, request, name, hints, began)
            return
        yield self._under_way("Scoring the predictions …")
        with self.service.long.slot(disconnected=client_disconnected):
            report = replace(
                score_files(gold, files, request, limit=limit), gold=fingerprint("your gold", text)
            )
            value = evaluation_value(report, hints)
        yield value

    def _score_models(
        self,
        gold: list[Annotated],
        lowercase: bool,
        request: EvaluateRequest,
        name: str,
        hints: Sequence[str] = (),
        began: Iterable[str] = (),
    ) -> Iterator[Value]:
        max_loss = request.max_loss
        sides = yield from self._open(request)
        yield self._under_way(f"Tagging {len(gold):,} sentences with both sides …")
        if lowercase:
            gold, name = evaluation.lowercase(gold), f"{name}, in lower case"
        with self.service.long.slot(disconnected=client_disconnected):
            report = report_sides(
                sides, gold, request.choice, max_loss=max_loss, began=began, name=name
            )
            value = evaluation_value(report, [*sides.notes, *hints])
        yield value

    def _compare(self, text: str, request: EvaluateRequest) -> Iterator[Value]:
        lines = [line for line in split_lines(text) if line.strip()]
        if not lines:
            yield message("Paste lines of your own text, then press Compare.")
            return
        check_length(len(text), self.service.bounds.lines_characters)
        max_loss = request.max_loss
        sides = yield from self._open(request)
        yield self._under_way(f"Tagging {len(lines):,} lines with both sides …")
        both = sides.both
        taggers = [side.tagger.using(request.choice) for side in both]
        with self.service.long.slot(disconnected=client_disconnected):
            left, right = (tuple(map(tagger.explain, lines)) for tagger in taggers)
            origins, name = (both[0].origin, both[1].origin), fingerprint("your lines", text)
            report = AgreementReport(origins, left, right, max_loss, request.choice, name)
            value = agreement_value(report)
        yield value

    def _under_way(self, sentence: str) -> Value:
        return progress(WAITING if self.service.long.taken else sentence)

    def _open(self, request: EvaluateRequest) -> Generator[Value, None, Sides]:
        return (
            yield from open_sides_with_progress(
                self.load, request.left, request.right, request.device, progress
            )
        )


def score_files(
    gold: list[Annotated], files: list[Path], request: EvaluateRequest, *, limit: int
) -> Report:
    """One or two files of predictions of up to ``limit`` characters, scored on ``gold``."""
    found = [
        evaluation.as_predictions(gold, parse_gold(read_lines(file, limit=limit), file))
        for file in files
    ]
    scores = evaluation.score_predictions(gold, *found, labels=request.choice.labels)
    origins = tuple(Origin(title=file.name, model=file.name) for file in files)
    return Report(scores, origins, request.max_loss)


TAB = "evaluate-tab"
_GIVEN_TAB = "your-gold"


@dataclass(frozen=True)
class EvaluateTab:
    """What other tabs may do here: fill in ``gold``, and have it evaluated."""

    gold: gr.components.Component
    predictions: Sequence[gr.components.Component]
    outer: gr.Tabs
    inner: gr.Tabs
    run: Callable[[gr.events.Dependency], None]

    def follow(self, event: gr.events.Dependency) -> None:
        """After ``event`` has filled ``gold``: come to the fore and evaluate on it."""
        # Files of predictions that were left there are not what is to be judged.
        visible = event.success(
            lambda: (gr.Tabs(selected=TAB), gr.Tabs(selected=_GIVEN_TAB), None, None),
            None,
            [self.outer, self.inner, *self.predictions],
            show_progress="hidden",
            api_visibility="private",
        )
        self.run(visible)


def add_evaluate_tab(
    load: Loader, chosen: SideControls, outer: gr.Tabs, service: Service
) -> EvaluateTab:
    """Put the tab's components into the Blocks at hand; ``outer`` has it as a tab."""
    handler = EvaluateHandler(load, service)
    settings = [*chosen.inputs, *_settings_row()]
    with gr.Tabs(elem_id="evaluate-on") as inner:
        with gr.Tab("Built-in test set"):
            own = own_set_form(chosen.left)
        with gr.Tab("Your gold", id=_GIVEN_TAB):
            gold = gold_form(service.bounds.gold_characters)
        with gr.Tab("Your text, without gold"):
            lines = lines_form()
    result = result_component({"html": "", "data": ""}, "evaluation", "evaluation.mount")
    _add_recorded(chosen.left)
    _connect(own, handler.evaluate_set, settings, result)
    _connect(gold, handler.evaluate_gold, settings, result)
    _connect(lines, handler.compare_lines, settings, result)

    def follow(event: gr.events.Dependency) -> None:
        asked = event.success(None, [*gold.inputs, *settings], None, js=_busy(gold))
        run = asked.success(handler.evaluate_gold, [*gold.inputs, *settings], result, **ON_MODEL)
        run.then(None, js="() => evaluation.done()")

    return EvaluateTab(gold.inputs[0], gold.inputs[1:3], outer, inner, follow)


def _connect(
    form: Form, answer: Callable[..., Iterator[Value]], settings: list[Any], result: gr.HTML
) -> None:
    """What pressing the form's button does, and how the page knows that a result has grown old."""
    asked = [*form.inputs, *settings]
    run = form.button.click(answer, asked, result, js=_busy(form), **ON_MODEL)
    run.then(None, js="() => evaluation.done()")
    # A request that is refused before it is begun has only this.
    run.failure(None, js="() => evaluation.done()")
    gr.on(
        [part.change for part in asked],
        None,
        asked,
        js=f"(...now) => evaluation.check('{form.name}', now)",
        api_visibility="private",
    )


def _busy(form: Form) -> str:
    return f"(...values) => (evaluation.busy('{form.name}', values), values)"


def _add_recorded(left: gr.Dropdown) -> None:
    """What was recorded of the left side's model, so that the tab is never empty."""
    recorded = plain_html(_recorded(left.value), "recorded")
    left.change(_recorded, left, recorded, show_progress="hidden", api_visibility="private")


def _recorded(side: str) -> str:
    try:
        return recorded_html(resolve(side, visitor=True).spec)
    # The last line of defence: a visitor gets a sentence, the log gets the rest.
    except Exception as error:  # noqa: BLE001
        return notice(describe_failure(error), kind="problem")


def _settings_row() -> list[gr.components.Component]:
    """Aggregation, labels and accepted loss, which stand above all three ways in."""
    with gr.Row(elem_classes="settings"):
        aggregation = aggregation_dropdown()
        labels = gr.Textbox(
            value="", label="Count only labels", placeholder="all", elem_classes="beside", scale=0
        )
        points = gr.Number(
            label="Accepted loss, F1 points",
            value=1.0,
            minimum=0.1,
            maximum=100,
            step=0.1,
            elem_classes="beside narrow",
            scale=0,
        )
    return [aggregation, labels, points]
