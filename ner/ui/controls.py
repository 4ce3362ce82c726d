"""What tabs read: the two sides and the device, texts and gold that a visitor brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import gradio as gr

from ner.choosing.contenders import runs_here
from ner.errors import InputError
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.names import resolve
from ner.models.recipes import RECIPES, Variant
from ner.ui.progress import as_gradio_errors
from ner.verdict import MIN_AGREEMENT

GOLD_SETS = {
    "General English: news, web, lower case, tricky names": "general",
    "General English: plain sentences": "plain",
    "Medical: chemicals and diseases": "medical",
}
_FORMATS = """Wolfgang	B-PER
lives	O
in	O
Berlin	B-LOC

or [Wolfgang](PER) lives in [Berlin](LOC)
or {"text": "Wolfgang lives", "entities": [{"start": 0, "end": 8, "label": "PER"}]}"""


@dataclass(frozen=True)
class SideControls:
    """The page's two pickers of sides, and the device; ``inputs`` are their order everywhere."""

    left: gr.Dropdown
    right: gr.Dropdown
    device: gr.Dropdown

    @property
    def inputs(self) -> list[gr.Dropdown]:
        """Left, right, device, as handlers take them."""
        return [self.left, self.right, self.device]


def side_choices(specs: Sequence[ModelSpec]) -> list[tuple[str, str]]:
    """Titles and names of all that can be a side: each model by each recipe that runs here."""
    here = list(filter(runs_here, RECIPES))
    variants = [Variant(spec, recipe) for spec in specs for recipe in here]
    return [(variant.title, variant.name) for variant in variants]


@dataclass(frozen=True)
class Form:
    """A way in: what the script calls it, its button, and the components that it reads."""

    name: str
    button: gr.Button
    inputs: list[Any]


def own_set_form(left: gr.Dropdown) -> Form:
    """The set follows the left side's model, until the visitor chooses another."""
    with gr.Row(elem_classes="settings"):
        name = gr.Dropdown(
            list(GOLD_SETS.items()),
            value=_set_of(left.value),
            label="Set",
            elem_classes="beside wide",
            elem_id="own-set",
            scale=0,
        )
        lowercase = gr.Checkbox(label="Lower-case the text first", scale=0, min_width=180)
        button = gr.Button("Evaluate", variant="primary", elem_id="evaluate-own", scale=0)
    left.change(_set_of, left, name, show_progress="hidden", api_visibility="private")
    return Form("own", button, [name, lowercase])


def _set_of(side: str) -> str:
    """The built-in set with the labels of a side's model."""
    texts = resolve(side, visitor=True).spec.texts
    return texts if texts in GOLD_SETS.values() else next(iter(GOLD_SETS.values()))


def gold_form(limit: int) -> Form:
    """Gold of up to ``limit`` characters, pasted or loaded, and files of predictions for it."""
    gold = gr.Textbox(
        label="Gold: CoNLL columns (BIO, IOB1, IOBES), JSON lines with spans, or bracketed text",
        placeholder=_FORMATS,
        lines=7,
        max_lines=14,
        elem_id="gold",
    )
    with gr.Row(elem_classes="settings"):
        upload = gr.UploadButton("Load a file", elem_id="gold-file", scale=0, size="sm")
        lowercase = gr.Checkbox(label="Lower-case the text first", scale=0, min_width=180)
        button = gr.Button("Evaluate", variant="primary", elem_id="evaluate-given", scale=0)
    instead = "Score files of predictions, or a second annotator, instead of the two sides"
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
    return Form("given", button, [gold, *files, lowercase])


def read_upload(path: str | None, *, limit: int) -> str:
    """The text of an uploaded file; raises ``InputError`` for none, no text, or over ``limit``."""
    if path is None:
        raise InputError("Choose a file first.")
    return "\n".join(read_lines(Path(path), limit=limit))


def lines_form() -> Form:
    """Lines of text, without gold."""
    text = gr.Textbox(
        label="One text to a line",
        placeholder="Lines of your own text, at least a hundred if they are to tell anything",
        lines=7,
        max_lines=14,
        elem_id="lines",
    )
    button = gr.Button("Compare", variant="primary", elem_id="evaluate-lines", scale=0)
    return Form("lines", button, [text])


def limits_form() -> tuple[list[gr.Number], gr.Button, gr.Button]:
    """Most milliseconds, most MB, least agreement; Measure and Stop."""
    with gr.Row(elem_id="choose-limits", elem_classes="settings"):
        limits = [
            gr.Number(
                label=label,
                value=value,
                minimum=0,
                elem_classes="beside",
                scale=0,
            )
            for label, value in (
                ("Most ms a text (0: no limit)", 0),
                ("Most MB on disk (0: no limit)", 0),
                ("Least agreement, %", 100 * MIN_AGREEMENT),
            )
        ]
        start = gr.Button("Measure", variant="primary", elem_id="choose-measure", scale=0)
        stop = gr.Button("Stop", elem_id="choose-stop", scale=0, min_width=80)
    return limits, start, stop


def fingerprint(what: str, text: str) -> str:
    """What a visitor gave, told apart from the same with one letter changed."""
    return f"{what}, SHA-256 {sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}"
