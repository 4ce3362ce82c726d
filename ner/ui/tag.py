"""Tab 'Tag': one text, both models, where they differ and what each costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from ner.comparing.probe import probe
from ner.comparing.timing import time_rounds
from ner.errors import TextTooLong
from ner.evaluating.report import KEYS
from ner.machine import Machine, describe
from ner.markup import macro, notice
from ner.models.catalogue import assets, catalogue
from ner.models.names import find_model
from ner.models.open import Sides
from ner.models.recipes import ORIGINAL, Variant, default_sides, find_recipe
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice, Steps
from ner.tagging.decode import Aggregation
from ner.tagging.graphs import supports_bf16
from ner.ui.controls import SideControls
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    catch_failures,
    message,
    offered_sides,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)
from ner.ui.views.cost import Contestant, Cost, failed
from ner.ui.views.probe import probe_table
from ner.ui.views.tag import LETTERS, TagResult

_EMPTY = "Type or paste a text, or take an example."
# Timing: rounds, at least for an interval and at most; milliseconds of running between two looks at
# who waits, until there are enough, and at the very most; and how much of a text is timed.
_FEWEST, _MOST = 8, 50
_PORTION, _BUDGET, _LONGEST = 80.0, 400.0, 4_000.0
_TIMED = 2_000
_BF16 = "bf16"


@dataclass(frozen=True, slots=True)
class Example:
    """A text to begin with, and the name of the model that it is for."""

    title: str
    text: str
    model: str

    @property
    def values(self) -> dict[str, str]:
        """What the page's fields get: the text, and the names of what is compared on it."""
        left, right = default_sides(find_model(self.model))
        return {"text": self.text, "left": left.name, "right": right.name}


@dataclass(frozen=True)
class TagHandler:
    """What a question answers: entities of both sides, as soon as both have tagged."""

    load: Loader
    machine: Machine
    service: Service

    def answer(
        self, text: str, left: str, right: str, device: str, aggregation: str, ticket: str
    ) -> Iterator[Value]:
        """The result, or a sentence in its place; while a model is prepared, its stages."""
        values = self._results(text or "", left, right, device, aggregation, ticket)
        for value in catch_failures(values, problem):
            yield {**value, "ticket": ticket}

    def _results(
        self, text: str, left: str, right: str, device: str, aggregation: str, ticket: str
    ) -> Iterator[Value]:
        if not any(letter.isalnum() for letter in text):
            yield message(_EMPTY)
            return
        limit = self.service.bounds.text_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        choice = Choice.parse(aggregation)
        sides = yield from open_sides_with_progress(self.load, left, right, device, progress)
        with self.service.short.slot(disconnected=client_disconnected):
            comparison = sides.compare(text, choice)
        yield TagResult(comparison, sides, self.machine, choice).value(ticket)


@dataclass(frozen=True)
class TimingHandler:
    """What entities on show ask for next: how long both sides take, told as it is measured.

    Rounds run one portion at a time, each in a slot of its own; when others wait, or a visitor has
    typed on, there are no more.
    """

    load: Loader
    service: Service

    def answer(
        self, text: str, left: str, right: str, device: str, aggregation: str, ticket: str
    ) -> Iterator[Value]:
        """Times so far, again and again, or a sentence in their place."""
        values = self._results(text or "", left, right, device, aggregation, ticket)
        yield from catch_failures(values, partial(failed, ticket=ticket))

    def _results(
        self, text: str, left: str, right: str, device: str, aggregation: str, ticket: str
    ) -> Iterator[Value]:
        if len(text) > self.service.bounds.text_characters:
            return
        choice = Choice.parse(aggregation)
        sides = self.load(*offered_sides(left, right), device, lambda _: None)
        if sides.right is None:
            return
        contestants = tuple(self._contestants(sides, choice))
        part = f", first {_TIMED:,} characters" if len(text) > _TIMED else ""
        rounds = time_rounds(text[:_TIMED], [who.tagger for who in contestants])
        nothing_yet = Cost(contestants, part=part, note=_int8_note(sides))
        for cost in self._ticks(nothing_yet, rounds):
            yield cost.value(ticket)

    def _contestants(self, sides: Sides, choice: Choice) -> Iterator[Contestant]:
        """Both sides; and where the left one is an original, that in BF16, if the CPU has it.

        OpenVINO executes in BF16 unasked there, so it is what one would have without quantizing.
        """
        for key, letter, side in zip(KEYS, LETTERS, sides.all, strict=True):
            name = f"{letter} {side.origin.title}"
            yield Contestant(key, name, side.tagger.using(choice))
        left, *others = (side.variant.recipe.name for side in sides.all)
        beside = sides.device == "CPU" and left == ORIGINAL and _BF16 not in others
        if beside and supports_bf16():
            variant = Variant(sides.spec, find_recipe(_BF16))
            third = self.load(variant, variant, sides.device, lambda _: None).left
            yield Contestant("", "A in BF16", third.tagger.using(choice))

    def _ticks(self, cost: Cost, rounds: Iterator[tuple[Steps, ...]]) -> Iterator[Cost]:
        """``cost`` with more and more rounds, until there are enough."""
        places = self.service.short
        spent = 0.0
        while not cost.finished:
            with places.slot(disconnected=client_disconnected):
                some = _portion(rounds)
                spent += sum(steps.total for times in some for steps in times)
                count = len(cost.rounds) + len(some)
                enough = count >= _FEWEST and (spent >= _BUDGET or count >= _MOST)
                finished = enough or spent >= _LONGEST or places.queued > 0
            cost = cost.add(some, finished=finished)
            yield cost


def _int8_note(sides: Sides) -> str:
    """Why INT8 is not faster, on a CPU where it can't be."""
    slow = describe().lacks_int8 and any(it.variant.recipe.computes_in_int8 for it in sides.all)
    return "This CPU lacks VNNI, which makes INT8 fast." if slow and sides.device == "CPU" else ""


def _portion(rounds: Iterator[tuple[Steps, ...]]) -> list[tuple[Steps, ...]]:
    """As many rounds as fit between two looks at who waits, at least one."""
    some: list[tuple[Steps, ...]] = []
    while sum(steps.total for times in some for steps in times) < _PORTION:
        some.append(next(rounds))
    return some


@dataclass(frozen=True)
class ProbeHandler:
    """What pressing 'Probe robustness' does."""

    load: Loader
    service: Service

    def answer(
        self, text: str, left: str, right: str, device: str, aggregation: str
    ) -> Iterator[str]:
        """The table as markup, or a sentence in its place."""
        results = self._results(text or "", left, right, device, aggregation)
        yield from catch_failures(results, partial(notice, kind="problem"))

    def _results(
        self, text: str, left: str, right: str, device: str, aggregation: str
    ) -> Iterator[str]:
        limit = self.service.bounds.probe_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        choice = Choice.parse(aggregation)
        show = partial(notice, kind="progress")
        sides = yield from open_sides_with_progress(self.load, left, right, device, show)
        taggers = [side.tagger.using(choice) for side in sides.both]
        with self.service.short.slot(disconnected=client_disconnected):
            result = probe(text, *taggers)
        yield probe_table(result, sides.labels)


def add_tag_tab(page: gr.Blocks, handler: TagHandler, sides: SideControls) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them.

    Every question goes out by the hidden button ``tag``, which the script presses; what it sends
    last is a ticket that comes back with the answer, so that the script knows an old one.
    """
    text, examples = _question(handler.service)
    tag, time, ticket = _hidden()
    result = result_component(message(_EMPTY), "result", "ner.mount")
    times = result_component({"html": "", "data": ""}, "times", "ner.mountTimes")
    with gr.Row(elem_id="more"):
        aggregation = aggregation_dropdown()
        probe_button = gr.Button("Probe robustness", elem_id="probe", size="sm", scale=0)
    chosen = [*sides.inputs, aggregation]
    _connect_probe(probe_button, ProbeHandler(handler.load, handler.service), [text, *chosen])
    inputs = [text, *chosen, ticket]
    send: dict[str, Any] = {"js": "(...values) => ner.send(values)", **ON_MODEL}
    asked = tag.click(handler.answer, inputs, result, **{**send, "trigger_mode": "always_last"})
    # A request that is refused before it is begun has only this.
    asked.failure(None, js="() => ner.fail()")
    timing = TimingHandler(handler.load, handler.service)
    time.click(timing.answer, inputs, times, **{**send, "trigger_mode": "multiple"})
    gr.on([part.change for part in chosen], None, chosen, js="(...now) => ner.choose(...now)")
    for index, example in enumerate(examples):
        fields = [text, sides.left, sides.right]
        put_in = example.click(None, None, fields, js=f"() => ner.example({index})")
        put_in.then(None, js="() => (ner.count(), ner.now())")
    shared = [text, *chosen]
    page.load(None, shared, shared, js="(...now) => ner.shared(...now)").then(
        None, js="() => (ner.count(), ner.now())"
    )


def _connect_probe(
    button: gr.Button, handler: ProbeHandler, inputs: list[gr.components.Component]
) -> None:
    """What is found in other ways of writing stands below, as long as it is of the text on show."""
    button.click(
        handler.answer,
        inputs,
        plain_html("", "probe-result"),
        js="(...values) => (ner.probing(), values)",
        **{**ON_MODEL, "trigger_mode": "always_last"},
    )


def _question(service: Service) -> tuple[gr.Textbox, list[gr.Button]]:
    """The text with its length, and the row below it: examples, and whether an answer is coming.

    An example puts in its text and chooses both sides of the model that it is for.
    """
    examples = _examples()
    with gr.Column(elem_id="question"):
        text = gr.Textbox(
            label="Text",
            value=examples[0].text,
            lines=3,
            max_lines=4,
            elem_id="text",
            placeholder="Paste or type a text",
        )
        limit = service.bounds.text_characters
        plain_html(macro("ner.ui", "page.html", "counter", limit), "counter")
    with gr.Row(elem_id="ask"):
        plain_html("Try:", "try")
        buttons = [
            gr.Button(example.title, elem_classes="example", size="sm", scale=0, min_width=0)
            for example in examples
        ]
        values = [example.values for example in examples]
        plain_html(macro("ner.ui", "page.html", "asking", values), "asking")
    return text, buttons


def _hidden() -> tuple[gr.Button, gr.Button, gr.Textbox]:
    """What the script uses: buttons that ask for entities and for times, and the ticket."""
    return (
        gr.Button("Tag", visible="hidden", elem_id="tag"),
        gr.Button("Time", visible="hidden", elem_id="time"),
        gr.Textbox(visible="hidden", max_length=20),
    )


def aggregation_dropdown() -> gr.Dropdown:
    """How word pieces become one entity."""
    return gr.Dropdown(
        [aggregation.value for aggregation in Aggregation],
        value=Aggregation.FIRST.value,
        label="Aggregation",
        elem_classes="beside narrow",
        scale=0,
    )


def plain_html(markup: str, elem_id: str) -> gr.HTML:
    """Markup of our own without Gradio's style and events."""
    return gr.HTML(markup, elem_id=elem_id, js_on_load=None, apply_default_css=False)


def _examples() -> list[Example]:
    """The examples in order."""
    file = assets() / "examples" / "examples.json"
    default = catalogue()[0].name
    return [
        Example(example["title"], example["text"], example.get("model", default))
        for example in json.loads(file.read_text(encoding="utf-8"))
    ]
