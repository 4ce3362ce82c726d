"""Tab 'Tag': one text, both models, where they differ and what each costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import gradio as gr
from markupsafe import Markup

from ner.colours import colour_classes
from ner.comparing.agreement import Pair
from ner.comparing.probe import Fate, Probe, probe
from ner.errors import TextTooLong
from ner.machine import Machine
from ner.markup import notice, render
from ner.models.catalogue import assets, catalogue, find
from ner.models.variants import default_sides
from ner.serving.bounds import timing_budget
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy
from ner.ui.controls import SideControls
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    catch_failures,
    message,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)
from ner.ui.views.tag import TagResult

# The last of what was asked for counts, while a result is on its way.
_ON_LATEST = {**ON_MODEL, "trigger_mode": "always_last"}
_EMPTY = "Type or paste a text, or take an example; then press Tag."


@dataclass(frozen=True, slots=True)
class Example:
    """A text to begin with, and the name of the model that it is for."""

    title: str
    text: str
    model: str

    @property
    def sides(self) -> tuple[str, str]:
        """The names of what is compared on it."""
        left, right = default_sides(find(self.model))
        return left.name, right.name


@dataclass(frozen=True)
class TagHandler:
    """What pressing Tag does."""

    load: Loader
    machine: Machine
    service: Service

    def answer(
        self, text: str, left: str, right: str, device: str, strategy: str
    ) -> Iterator[Value]:
        """The result, or a sentence in its place; while a model is prepared, its stages."""
        yield from catch_failures(self._results(text or "", left, right, device, strategy), problem)

    def _results(
        self, text: str, left: str, right: str, device: str, strategy: str
    ) -> Iterator[Value]:
        if not any(letter.isalnum() for letter in text):
            yield message(_EMPTY)
            return
        limit = self.service.bounds.text_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        choice = Choice.parse(strategy)
        sides = yield from open_sides_with_progress(self.load, left, right, device, progress)
        places = self.service.short
        with places.slot(disconnected=client_disconnected):
            budget = timing_budget(len(text), places.queued)
            comparison = sides.compare(text, choice, budget_ms=budget)
        yield TagResult(comparison, sides, self.machine, choice).value


@dataclass(frozen=True)
class ProbeHandler:
    """What pressing 'Probe robustness' does."""

    load: Loader
    service: Service

    def answer(self, text: str, left: str, right: str, device: str, strategy: str) -> Iterator[str]:
        """The table as markup, or a sentence in its place."""
        results = self._results(text or "", left, right, device, strategy)
        yield from catch_failures(results, partial(notice, kind="problem"))

    def _results(
        self, text: str, left: str, right: str, device: str, strategy: str
    ) -> Iterator[str]:
        limit = self.service.bounds.probe_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        choice = Choice.parse(strategy)
        show = partial(notice, kind="progress")
        sides = yield from open_sides_with_progress(self.load, left, right, device, show)
        taggers = [side.tagger.using(choice) for side in sides.both]
        with self.service.short.slot(disconnected=client_disconnected):
            result = probe(text, *taggers)
        yield probe_table(result, sides.labels)


def probe_table(result: Probe, labels: Sequence[str]) -> Markup:
    """What each side still finds of each entity, by rewriting; or that there is none to lose."""
    if not result.found.pairs:
        return notice("Neither model finds an entity in this text, so there is none to lose.")
    classes = colour_classes(labels)
    return render(
        "ner.ui",
        "probe.html",
        names=result.names,
        totals=[_kept(result, index) for index in range(len(result.names))],
        rows=[_probe_row(result, pair, classes) for pair in result.found.pairs],
    )


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """An entity, and what became of it in each rewriting: the worst fate, and both in words."""

    spelled: str
    label: str
    style: str
    fates: tuple[tuple[str, str], ...]


def _kept(result: Probe, index: int) -> str:
    """How many entities of each side are kept in a rewriting."""
    return " / ".join(
        f"{sum(fates[index] is Fate.KEPT for fates in side.values())} of {len(side)}"
        for side in (result.left, result.right)
    )


def _probe_row(result: Probe, pair: Pair, classes: Mapping[str, str]) -> ProbeRow:
    entity = next(side for side in (pair.left, pair.right) if side is not None)
    both = (
        result.left.get(pair.left) if pair.left else None,
        result.right.get(pair.right) if pair.right else None,
    )
    return ProbeRow(
        result.found.text[entity.start : entity.end],
        entity.label,
        classes[entity.label],
        tuple(_fate(both, index) for index in range(len(result.names))),
    )


def _fate(both: Sequence[tuple[Fate, ...] | None], index: int) -> tuple[str, str]:
    words = ["not found" if fates is None else fates[index].value for fates in both]
    worst = "kept" if set(words) == {"kept"} else "lost" if "lost" in words else "changed"
    return worst, words[0] if len(set(words)) == 1 else " / ".join(words)


def add_tag_tab(page: gr.Blocks, handler: TagHandler, chosen: SideControls) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them."""
    text, button, strategy = _question(chosen)
    result = result_component(message(_EMPTY), "result", "ner.mount")
    probe_button = gr.Button("Probe robustness", elem_id="probe", size="sm", scale=0)
    probe_result = plain_html("", "probe-result")
    inputs = [text, *chosen.inputs, strategy]
    asked = gr.on(
        [button.click, *(each.input for each in chosen.inputs), strategy.input],
        handler.answer,
        inputs,
        result,
        js="(...values) => (ner.busy(), values)",
        **_ON_LATEST,
    )
    asked.then(None, js="() => ner.done()")
    # A request that is refused before it is begun has only this.
    asked.failure(None, js="() => ner.done()")
    probe_button.click(
        ProbeHandler(handler.load, handler.service).answer,
        inputs,
        probe_result,
        js="(...values) => (ner.probing(), values)",
        **_ON_LATEST,
    )
    page.load(None, inputs, inputs, js="(...now) => ner.shared(...now)").then(
        None, js="() => ner.tagFirst()"
    )


def _question(chosen: SideControls) -> tuple[gr.Textbox, gr.Button, gr.Dropdown]:
    """The text, and the row below it: Tag, how to aggregate, examples.

    An example puts in its text and chooses both sides of the model that it is for.
    """
    examples = _examples()
    text = gr.Textbox(
        label="Text",
        value=examples[0].text,
        lines=3,
        max_lines=5,
        elem_id="text",
        placeholder="Type or paste a text",
    )
    with gr.Row(elem_id="ask"):
        button = gr.Button("Tag", variant="primary", elem_id="tag", scale=0, min_width=110)
        plain_html("<kbd>Ctrl</kbd> <kbd>Enter</kbd>", "shortcut")
        strategy = strategy_dropdown()
        gr.Examples(
            [[example.text, *example.sides] for example in examples],
            [text, chosen.left, chosen.right],
            example_labels=[example.title for example in examples],
            label="Examples",
            elem_id="examples",
            api_visibility="private",
        )
    return text, button, strategy


def strategy_dropdown() -> gr.Dropdown:
    """How word pieces become one entity."""
    return gr.Dropdown(
        [strategy.value for strategy in Strategy],
        value=Strategy.FIRST.value,
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
