"""Tab 'Tag': one text, both models, where they differ and what each costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ner.errors import TextTooLong
from ner.machine import Machine
from ner.models.catalogue import assets, catalogue
from ner.models.prepared import find_offered
from ner.serving.bounds import timing_budget
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy
from ner.ui.contract import Loader
from ner.ui.failures import answered
from ner.ui.opening import opened
from ner.ui.probing import ProbeHandler
from ner.ui.result import Shown, Value, message, problem

# Without a limit of Gradio's, since `Slots` bound the work; a model that is prepared for minutes
# holds nobody up.
_ON_MODEL: dict[str, Any] = {
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    "concurrency_limit": None,
    "api_visibility": "private",
}

_EMPTY = "Type or paste a text, or take an example; then press Tag."
_MOUNT = "ner.mount(element, props, watch);"


@dataclass(frozen=True, slots=True)
class Example:
    """A text to begin with, and the name of the model that it is for."""

    title: str
    text: str
    model: str


@dataclass(frozen=True)
class TagHandler:
    """What pressing Tag does."""

    load: Loader
    machine: Machine
    service: Service

    def answer(self, text: str, model: str, device: str, strategy: str) -> Iterator[Value]:
        """The result, or a sentence in its place; while a model is prepared, its stages."""
        yield from answered(self._results(text or "", model, device, strategy), problem)

    def _results(self, text: str, model: str, device: str, strategy: str) -> Iterator[Value]:
        if not any(letter.isalnum() for letter in text):
            yield message(_EMPTY)
            return
        limit = self.service.bounds.text_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        spec = find_offered(model)
        choice = Choice.parse(strategy)
        sides = yield from opened(self.load, spec, device, _progress)
        places = self.service.short
        with places.slot(disconnected=client_disconnected):
            budget = timing_budget(len(text), places.queued)
            comparison = sides.compare(text, choice, budget_ms=budget)
        yield Shown(comparison, sides, self.machine, choice).value


def _progress(sentence: str) -> Value:
    return message(sentence, kind="progress")


def add_tag_tab(
    page: gr.Blocks, handler: TagHandler, model: gr.Dropdown, device: gr.Dropdown
) -> None:
    """Put the tab's components into ``page``, the Blocks at hand, and connect them."""
    text, button, strategy = _question(model)
    result = gr.HTML(
        message(_EMPTY),
        html_template='<div class="ner"></div>',
        js_on_load=_MOUNT,
        apply_default_css=False,
        elem_id="result",
    )
    probe_button = gr.Button("Probe robustness", elem_id="probe", size="sm", scale=0)
    probe = plain_html("", "probe-result")
    inputs = [text, model, device, strategy]
    asked = gr.on(
        [button.click, model.input, device.input, strategy.input],
        handler.answer,
        inputs,
        result,
        js="(...values) => (ner.busy(), values)",
        **_ON_MODEL,
    )
    asked.then(None, js="() => ner.done()")
    # A request that is refused before it is begun has only this.
    asked.failure(None, js="() => ner.done()")
    probe_button.click(
        ProbeHandler(handler.load, handler.service).answer,
        inputs,
        probe,
        js="(...values) => (ner.probing(), values)",
        **_ON_MODEL,
    )
    page.load(None, inputs, inputs, js="(...now) => ner.shared(...now)").then(
        None, js="() => ner.tagFirst()"
    )


def _question(model: gr.Dropdown) -> tuple[gr.Textbox, gr.Button, gr.Dropdown]:
    """The text, and the row below it: Tag, how to aggregate, examples.

    An example puts in its text and chooses the model that it is for.
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
        strategy = gr.Dropdown(
            [strategy.value for strategy in Strategy],
            value=Strategy.FIRST.value,
            label="Aggregation",
            elem_classes="beside narrow",
            scale=0,
        )
        gr.Examples(
            [[example.text, example.model] for example in examples],
            [text, model],
            example_labels=[example.title for example in examples],
            label="Examples",
            elem_id="examples",
            api_visibility="private",
        )
    return text, button, strategy


def plain_html(markup: str, elem_id: str) -> gr.HTML:
    """Markup of our own without Gradio's style and events."""
    return gr.HTML(markup, elem_id=elem_id, js_on_load=None, apply_default_css=False)


def _examples() -> list[Example]:
    """The examples in order."""
    file = assets() / "examples" / "examples.json"
    default = catalogue()[0].name
    return [
        Example(one["title"], one["text"], one.get("model", default))
        for one in json.loads(file.read_text(encoding="utf-8"))
    ]
