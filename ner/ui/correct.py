"""Tab 'Correct': mark, relabel and delete entities by hand, keep them, take them away as gold.

The texts live in the visitor's browser; the server sees them when they are tagged or written in
another format, and keeps nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import gradio as gr

from ner.colours import colour_classes
from ner.entities import Tagged
from ner.errors import InputError, TextTooLong, one_of
from ner.files.conll import conll_lines
from ner.files.encoding import text_lines
from ner.files.gold import annotate, split_lines
from ner.files.json_lines import json_line, parse_json_line, spacy_json_line
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.tagger import clean
from ner.ui.controls import SideControls
from ner.ui.evaluate import EvaluateTab
from ner.ui.progress import (
    ON_MODEL,
    Loader,
    Value,
    as_gradio_errors,
    catch_failures,
    open_sides_with_progress,
    problem,
    progress,
    result_component,
)


class Format(StrEnum):
    """What corrections can be written as."""

    CONLL = "conll"
    JSONL = "jsonl"
    SPACY = "spacy"


@dataclass(frozen=True)
class CorrectHandler:
    """Starts a text: with what one of the models found in it, or with nothing."""

    load: Loader
    service: Service

    def start(self, text: str, left: str, right: str, device: str, begin: str) -> Iterator[Value]:
        """The text for the editor; ``begin`` is 'left', 'right' or 'plain'."""
        started = self._started(text or "", left, right, device, begin)
        yield from catch_failures(started, problem)

    def _started(
        self, text: str, left: str, right: str, device: str, begin: str
    ) -> Iterator[Value]:
        if not text.strip():
            raise InputError("Type or paste a text above first.")
        limit = self.service.bounds.text_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)
        sides = yield from open_sides_with_progress(self.load, left, right, device, progress)
        tagged = Tagged(clean(text))
        if begin != _PLAIN:
            first, second = sides.both
            tagger = (first if begin == "left" else second).tagger
            with self.service.short.slot(disconnected=client_disconnected):
                tagged = tagger(text)
        started = {
            # Told apart from the same text started before.
            "id": secrets.token_hex(4),
            "document": json.loads(json_line(tagged)),
            "labels": colour_classes(sides.labels),
        }
        yield {"html": "", "data": json.dumps(started)}


def written(lines: str | None, form: str, *, limit: int) -> str:
    """Texts with spans, as JSON lines, in the format ``form``; CoNLL has a sentence to each line.

    Raises ``InputError`` where there is none, or more than ``limit`` characters, and
    ``FileFormatError`` for what is no such line.
    """
    lines = lines or ""
    if len(lines) > limit:
        raise InputError("That is more than can be written at once. Take some texts away first.")
    texts = [
        parse_json_line(line, "The texts", number)
        for number, line in enumerate(text_lines(lines), start=1)
    ]
    if not texts:
        raise InputError("There is no text yet. Start one above.")
    return "".join(f"{line}\n" for line in _WRITERS[one_of(Format, form, "format")](texts))


def _conll(texts: list[Tagged]) -> Iterator[str]:
    return conll_lines(annotate(line) for text in texts for line in split_lines(text))


_WRITERS: dict[Format, Callable[[list[Tagged]], Iterator[str]]] = {
    Format.CONLL: _conll,
    Format.JSONL: lambda texts: map(json_line, texts),
    Format.SPACY: lambda texts: map(spacy_json_line, texts),
}

_PLAIN = "plain"
_STARTS = (
    ("right", "Start from B"),
    ("left", "Start from A"),
    (_PLAIN, "Start without entities"),
)
_SAVES = (
    (Format.CONLL, "CoNLL", "corrections.conll"),
    (Format.JSONL, "JSON lines", "corrections.jsonl"),
    (Format.SPACY, "spaCy JSON lines", "corrections.spacy.jsonl"),
)
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def add_correct_tab(
    load: Loader,
    chosen: SideControls,
    evaluate: EvaluateTab,
    service: Service,
) -> None:
    """Put the tab's components into the Blocks at hand; ``evaluate`` takes what is sent there."""
    handler = CorrectHandler(load, service)
    text = gr.Textbox(
        label="Text to correct",
        placeholder="Type or paste a text; it may have several lines",
        lines=4,
        max_lines=8,
        elem_id="correct-text",
    )
    begin = gr.Textbox(visible="hidden")
    with gr.Row(elem_classes="settings"):
        take = gr.Button("Take the text of tab Tag", size="sm", scale=0)
        starts = {
            value: gr.Button(name, size="sm", scale=0, elem_id=f"start-{value}")
            for value, name in _STARTS
        }
    editor = result_component({"html": "", "data": ""}, "correction", "correction.mount")
    take.click(None, None, text, js="() => document.querySelector('#text textarea').value")
    for value, button in starts.items():
        button.click(
            handler.start,
            [text, *chosen.inputs, begin],
            editor,
            js=f"(...values) => [...values.slice(0, 4), '{value}']",
            **ON_MODEL,
        )
    # Spans are written out beside the text, which about doubles it.
    _add_saves(evaluate, 2 * service.bounds.gold_characters)


def _add_saves(evaluate: EvaluateTab, limit: int) -> None:
    """The buttons that write all kept texts, as files or into tab 'Evaluate'."""
    lines, form, answer = (gr.Textbox(visible="hidden") for _ in range(3))
    write = as_gradio_errors(partial(written, limit=limit))
    with gr.Row(elem_classes="settings", elem_id="correct-save"):
        for format_, name, file in _SAVES:
            gr.Button(f"Save as {name}", size="sm", scale=0, elem_id=f"save-{format_}").click(
                write,
                [lines, form],
                answer,
                js=f"() => [correction.lines(), '{format_}']",
                **_QUIET,
            ).success(None, answer, None, js=f"text => evaluation.save('{file}', text)")
        send = gr.Button("Evaluate on these", size="sm", scale=0, elem_id="send-to-evaluate")
    sent = send.click(
        write,
        [lines, form],
        evaluate.gold,
        js=f"() => [correction.lines(), '{Format.JSONL}']",
        **_QUIET,
    )
    evaluate.follow(sent)
