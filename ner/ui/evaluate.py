"""Tab 'Evaluate': can INT8 be shipped for this text? With gold, or without."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gradio as gr

from ner.comparing.origin import Origin
from ner.entities import Annotated
from ner.errors import InputError
from ner.evaluating import evaluation
from ner.evaluating.report import Report, report_sides
from ner.evaluating.without_gold import AgreementReport
from ner.files.encoding import read_lines, text_lines
from ner.files.gold import parse_gold, read_gold, repair_sentences
from ner.models.catalogue import assets
from ner.models.opened import Sides
from ner.models.prepared import find_offered
from ner.models.recipes import Variant
from ner.serving.admission import WAITING
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    as_gradio_errors,
    catch_failures,
    message,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)
from ner.ui.tag import strategy_dropdown
from ner.ui.views.evaluate import agreement_value, evaluation_value

GOLD_SETS = {
    "General English: news, web, lower case, tricky names": "general",
    "Medical: chemicals and diseases": "medical",
}

# Model, device, strategy, labels and points, as the components give them to `EvaluateRequest`.
_Settings = tuple[str, str, str, str | None, float]
_Path = str | None


@dataclass(frozen=True)
class EvaluateRequest:
    """What stands above all three ways in; ``points`` are of F1, in per cent."""

    model: str
    device: str
    strategy: str
    labels: str | None
    points: float

    @property
    def choice(self) -> Choice:
        """The strategy, and the labels to count."""
        return Choice.parse(self.strategy, labels=self.labels)

    @property
    def tolerance(self) -> float:
        """The accepted loss as a fraction; ``InputError`` where it is none."""
        if not isinstance(self.points, int | float) or not 0 < self.points <= 100:
            raise InputError("The accepted loss is a number of F1 points over 0, such as 1.")
        return self.points / 100


@dataclass(frozen=True)
class EvaluateHandler:
    """What the three buttons do; each yields results, or sentences in their place."""

    load: Loader
    service: Service

    def evaluate_set(self, name: str, lowercase: bool, *settings: *_Settings) -> Iterator[Value]:
        """Score both models on a gold set of the project."""
        results = self._score_set(name, lowercase, EvaluateRequest(*settings))
        yield from catch_failures(results, problem)

    def evaluate_gold(
        self, gold: str, first: _Path, second: _Path, lowercase: bool, *settings: *_Settings
    ) -> Iterator[Value]:
        """Score both models, or one or two files of predictions, on the visitor's gold."""
        files = [Path(path) for path in (first, second) if path]
        results = self._score_gold(gold or "", files, lowercase, EvaluateRequest(*settings))
        yield from catch_failures(results, problem)

    def compare_lines(self, text: str, *settings: *_Settings) -> Iterator[Value]:
        """Compare both models on lines without gold."""
        yield from catch_failures(self._compare(text or "", EvaluateRequest(*settings)), problem)

    def _score_set(self, name: str, lowercase: bool, request: EvaluateRequest) -> Iterator[Value]:
        if name not in GOLD_SETS.values():
            raise InputError(f"There is no gold set {str(name)[:40]!r}.")
        gold = read_gold(assets() / "gold" / f"{name}.conll")
        yield from self._score_models(gold, lowercase, request, [])

    def _score_gold(
        self, text: str, files: list[Path], lowercase: bool, request: EvaluateRequest
    ) -> Iterator[Value]:
        if not text.strip():
            yield message("Paste gold or load a file, then press Evaluate.")
            return
        limit = self.service.bounds.gold_characters
        _check_length(len(text), limit)
        lines = text_lines(text)
        gold = parse_gold(lines, "The gold")
        hints = repair_sentences(lines, "The gold")
        if not files:
            yield from self._score_models(gold, lowercase, request, hints)
            return
        yield self._under_way("Scoring the predictions …")
        with self.service.long.slot(disconnected=client_disconnected):
            report = score_files(gold, files, request, limit=limit)
            value = evaluation_value(report, hints)
        yield value

    def _score_models(
        self, gold: list[Annotated], lowercase: bool, request: EvaluateRequest, hints: list[str]
    ) -> Iterator[Value]:
        tolerance = request.tolerance
        sides = yield from self._open(request)
        yield self._under_way(f"Tagging {len(gold):,} sentences with both models …")
        cased = evaluation.lowercase(gold) if lowercase else gold
        with self.service.long.slot(disconnected=client_disconnected):
            report = report_sides(sides, cased, request.choice, tolerance=tolerance)
            value = evaluation_value(report, [*filter(None, [sides.withheld]), *hints])
        yield value

    def _compare(self, text: str, request: EvaluateRequest) -> Iterator[Value]:
        lines = [line for line in text_lines(text) if line.strip()]
        if not lines:
            yield message("Paste lines of your own text, then press Compare.")
            return
        _check_length(len(text), self.service.bounds.lines_characters)
        sides = yield from self._open(request)
        yield self._under_way(f"Tagging {len(lines):,} lines with both models …")
        both = [sides.side(variant) for variant in Variant]
        taggers = [side.tagger.using(request.choice) for side in both]
        with self.service.long.slot(disconnected=client_disconnected):
            left, right = (tuple(map(tagger.explain, lines)) for tagger in taggers)
            report = AgreementReport((both[0].origin, both[1].origin), left, right)
            value = agreement_value(report)
        yield value

    def _under_way(self, sentence: str) -> Value:
        return progress(WAITING if self.service.long.taken else sentence)

    def _open(self, request: EvaluateRequest) -> Generator[Value, None, Sides]:
        spec = find_offered(request.model)
        return (yield from open_sides_with_progress(self.load, spec, request.device, progress))


def score_files(
    gold: list[Annotated], files: list[Path], request: EvaluateRequest, *, limit: int
) -> Report:
    """One or two files of predictions of up to ``limit`` characters, scored on ``gold``."""
    found = [
        evaluation.as_predictions(gold, parse_gold(_bounded_lines(file, limit), file))
        for file in files
    ]
    scores = evaluation.score_predictions(gold, *found, labels=request.choice.labels)
    origins = tuple(Origin(title=file.name, model=file.name) for file in files)
    return Report(scores, origins, request.tolerance)


def _check_length(length: int, limit: int, what: str = "That") -> None:
    if length > limit:
        raise InputError(
            f"{what} is over the {limit:,} characters that are taken here. For more, use the "
            "command line: python -m ner evaluate."
        )


def _bounded_lines(file: Path, limit: int) -> Iterator[str]:
    """The lines of an uploaded file, which is held to what may be pasted as gold."""
    # A character has four bytes or fewer, so that even one endless line is refused unread.
    if file.is_file():
        _check_length(file.stat().st_size // 4, limit, file.name)
    length = 0
    for line in read_lines(file):
        length += len(line) + 1
        _check_length(length, limit, file.name)
        yield line


TAB = "evaluate-tab"
_GIVEN_TAB = "your-gold"
_EMPTY = "Choose what to evaluate on above. The answer and its reasons appear here."
_FORMATS = """Wolfgang	B-PER
lives	O
in	O
Berlin	B-LOC

or [Wolfgang](PER) lives in [Berlin](LOC)
or {"text": "Wolfgang lives", "entities": [{"start": 0, "end": 8, "label": "PER"}]}"""


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
    load: Loader, model: gr.Dropdown, device: gr.Dropdown, outer: gr.Tabs, service: Service
) -> EvaluateTab:
    """Put the tab's components into the Blocks at hand; ``outer`` has it as a tab."""
    handler = EvaluateHandler(load, service)
    settings = [model, device, *_settings_row()]
    with gr.Tabs(elem_id="evaluate-on") as inner:
        with gr.Tab("Gold set of this project"):
            own = _own_set_form()
        with gr.Tab("Your gold", id=_GIVEN_TAB):
            gold = _gold_form(service.bounds.gold_characters)
        with gr.Tab("Your text, without gold"):
            lines = _lines_form()
    result = result_component(message(_EMPTY), "evaluation", "evaluation.mount")
    for form, answer in (
        (own, handler.evaluate_set),
        (gold, handler.evaluate_gold),
        (lines, handler.compare_lines),
    ):
        run_on = form.button.click(
            answer,
            [*form.inputs, *settings],
            result,
            js="(...values) => (evaluation.busy(), values)",
            **ON_MODEL,
        )
        run_on.then(None, js="() => evaluation.done()")
        # A request that is refused before it is begun has only this.
        run_on.failure(None, js="() => evaluation.done()")

    def run(event: gr.events.Dependency) -> None:
        event.success(handler.evaluate_gold, [*gold.inputs, *settings], result, **ON_MODEL)

    return EvaluateTab(gold.inputs[0], gold.inputs[1:3], outer, inner, run)


def _settings_row() -> list[gr.components.Component]:
    with gr.Row(elem_classes="settings"):
        strategy = strategy_dropdown()
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
    return [strategy, labels, points]


@dataclass(frozen=True)
class _Form:
    """A way in: its button, and the components that it reads."""

    button: gr.Button
    inputs: list[gr.components.Component]


def _own_set_form() -> _Form:
    with gr.Row(elem_classes="settings"):
        name = gr.Dropdown(
            list(GOLD_SETS.items()), label="Set", elem_classes="beside wide", scale=0
        )
        lowercase = gr.Checkbox(label="In lower case", scale=0, min_width=120)
        button = gr.Button("Evaluate", variant="primary", elem_id="evaluate-own", scale=0)
    return _Form(button, [name, lowercase])


def _gold_form(limit: int) -> _Form:
    gold = gr.Textbox(
        label="Gold: CoNLL columns (BIO, IOB1, IOBES), JSON lines with spans, or bracketed text",
        placeholder=_FORMATS,
        lines=7,
        max_lines=14,
        elem_id="gold",
    )
    with gr.Row(elem_classes="settings"):
        upload = gr.UploadButton("Load a file", elem_id="gold-file", scale=0, size="sm")
        lowercase = gr.Checkbox(label="In lower case", scale=0, min_width=120)
        button = gr.Button("Evaluate", variant="primary", elem_id="evaluate-given", scale=0)
    instead = "Score files of predictions, or a second annotator, instead of the models"
    with gr.Accordion(instead, open=False), gr.Row():
        files = [
            gr.File(label=name, height=90, elem_id=elem_id)
            for name, elem_id in (
                (f"Predictions, up to {limit:,} characters", "predictions-first"),
                ("To be compared with (optional), as long", "predictions-second"),
            )
        ]
    upload.upload(
        as_gradio_errors(partial(read_upload, limit=limit)),
        upload,
        gold,
        show_progress="hidden",
        api_visibility="private",
    )
    return _Form(button, [gold, *files, lowercase])


def read_upload(path: str | None, *, limit: int) -> str:
    """The text of an uploaded file; raises ``InputError`` for none, no text, or over ``limit``."""
    if path is None:
        raise InputError("Choose a file first.")
    return "\n".join(_bounded_lines(Path(path), limit))


def _lines_form() -> _Form:
    text = gr.Textbox(
        label="One text to a line",
        placeholder="Lines of your own text, at least a hundred if they are to tell anything",
        lines=7,
        max_lines=14,
        elem_id="lines",
    )
    button = gr.Button("Compare", variant="primary", elem_id="evaluate-lines", scale=0)
    return _Form(button, [text])
