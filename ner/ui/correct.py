"""Tab 'Correct': mark, relabel and delete entities by hand, keep them, take them away as gold.

The texts live in the visitor's browser; the server sees them when they are tagged or written in
another format, and keeps nothing. What a text began as goes along with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import gradio as gr

from ner.colours import colour_classes
from ner.comparing.gold_origin import origin_comment, parse_origin
from ner.comparing.origin import Origin
from ner.entities import Tagged
from ner.errors import InputError, TextTooLong, one_of
from ner.evaluating.documents import find_sentences
from ner.files.conll import conll_lines
from ner.files.gold import parse_gold
from ner.files.json_records import json_line, parse_json, spacy_json_line
from ner.files.marked import Offsets, Reading
from ner.files.tokens import annotate, split_at
from ner.io import split_lines
from ner.models.open import Side, Sides
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

TAB = "correct-tab"
# Left, right and device, as the page's pickers give them.
_Chosen = tuple[str, str, str]


class Format(StrEnum):
    """What corrections can be written as; ``SENTENCES`` are JSON lines too, one for each."""

    CONLL = "conll"
    JSONL = "jsonl"
    SPACY = "spacy"
    SENTENCES = "sentences"


@dataclass(frozen=True)
class CorrectHandler:
    """Starts a text: with what a side finds in it, with a result on show, or with nothing."""

    load: Loader
    service: Service

    def start(self, text: str, left: str, right: str, device: str, begin: str) -> Iterator[Value]:
        """The text for the editor; ``begin`` is 'left', 'right' or 'plain'."""
        yield from catch_failures(self._start(text or "", begin, left, right, device), problem)

    def receive(self, result: str, left: str, right: str, device: str) -> Iterator[Value]:
        """The text and entities of a result on another tab, as the page's script hands them over.

        ``result`` is JSON: ``{"text", "entities", "side"}``, where the side is 'left', 'right' or
        the name of one of them.
        """
        yield from catch_failures(self._receive(result or "", left, right, device), problem)

    def _start(self, text: str, begin: str, *chosen: *_Chosen) -> Iterator[Value]:
        if not text.strip():
            raise InputError("Type or paste a text above first.")
        self._check_length(text)
        sides = yield from open_sides_with_progress(self.load, *chosen, progress)
        if begin == _PLAIN:
            yield _started(Tagged(clean(text)), sides, None)
            return
        side = _side(sides, begin)
        with self.service.short.slot(disconnected=client_disconnected):
            tagged = side.tagger(text)
        yield _started(tagged, sides, side.origin)

    def _receive(self, result: str, *chosen: *_Chosen) -> Iterator[Value]:
        # Spans are written out beside the text, which may double it and more.
        if len(result) > 8 * self.service.bounds.text_characters:
            raise TextTooLong(len(result), self.service.bounds.text_characters)
        ((record, tagged),) = _read([result], "The result")
        self._check_length(tagged.text)
        sides = yield from open_sides_with_progress(self.load, *chosen, progress)
        yield _started(tagged, sides, _side(sides, record.get("side")).origin)

    def _check_length(self, text: str) -> None:
        limit = self.service.bounds.text_characters
        if len(text) > limit:
            raise TextTooLong(len(text), limit)


def _side(sides: Sides, name: object) -> Side:
    """The side called 'left' or 'right', or by its own name; ``InputError`` for anything else."""
    for place, side in zip(_SIDES, sides.all, strict=False):
        if name in (place, side.origin.name):
            return side
    if name == "right":
        return sides.both[1]
    raise InputError(f"There is no side {str(name)[:40]!r}. Choose one of {', '.join(_SIDES)}.")


def _started(tagged: Tagged, sides: Sides, origin: Origin | None) -> Value:
    """What the editor takes in; ``origin`` is where the entities come from, None for by hand."""
    document = json.loads(json_line(tagged))
    began = None if origin is None else {"name": origin.name, "title": origin.title}
    started = {
        # Told apart from the same text started before.
        "id": secrets.token_hex(4),
        "document": {**document, "began": began, "sentences": find_sentences(tagged.text)},
        "labels": colour_classes(sides.labels),
    }
    return {"html": "", "data": json.dumps(started)}


@dataclass(frozen=True)
class _Corrected:
    """A text with its spans, its number from 1, and what it began as."""

    number: int
    tagged: Tagged
    origin: str | None

    @property
    def sentences(self) -> list[Tagged]:
        """Its sentences; an entity across two holds them together."""
        return split_at(self.tagged, find_sentences(self.tagged.text))


def written(lines: str | None, form: str, *, limit: int) -> str:
    """Texts with spans, as JSON lines, in the format ``form``; CoNLL has them by sentences.

    What each text began as is kept, see :mod:`ner.comparing.gold_origin`. Raises ``InputError``
    where there is none, or more than ``limit`` characters, and ``FileFormatError`` for what is no
    such line.
    """
    lines = lines or ""
    if len(lines) > limit:
        raise InputError("That is more than can be written at once. Remove some texts first.")
    if not lines.strip():
        raise InputError("There is no text yet. Start one above.")
    kept = [line for line in split_lines(lines) if line.strip()]
    texts = [
        _Corrected(number, tagged, parse_origin(record))
        for number, (record, tagged) in enumerate(_read(kept, "The texts"), start=1)
    ]
    return "".join(f"{line}\n" for line in _WRITERS[one_of(Format, form, "format")](texts))


def _read(lines: Sequence[str], what: str) -> list[tuple[dict[str, object], Tagged]]:
    """Lines of JSON and the texts with spans in them."""
    gold = parse_gold(lines, what, Reading(format="json", offsets=Offsets.CHARACTERS))
    records = (parse_json(line, what, number) for number, line in enumerate(lines, start=1))
    return list(zip(records, (one.tagged for one in gold), strict=True))


def _write_conll(texts: Sequence[_Corrected]) -> Iterator[str]:
    for text in texts:
        yield origin_comment(text.origin)
        yield from conll_lines(map(annotate, text.sentences))


def _write_json(texts: Sequence[_Corrected]) -> Iterator[str]:
    return (_with_keys(text.tagged, {"origin": text.origin}) for text in texts)


def _write_sentences(texts: Sequence[_Corrected]) -> Iterator[str]:
    return (
        _with_keys(sentence, {"origin": text.origin, "document": text.number})
        for text in texts
        for sentence in text.sentences
    )


def _with_keys(tagged: Tagged, keys: dict[str, Any]) -> str:
    return json.dumps({**json.loads(json_line(tagged)), **keys}, ensure_ascii=False)


_WRITERS: dict[Format, Callable[[Sequence[_Corrected]], Iterator[str]]] = {
    Format.CONLL: _write_conll,
    Format.JSONL: _write_json,
    Format.SPACY: lambda texts: (spacy_json_line(text.tagged) for text in texts),
    Format.SENTENCES: _write_sentences,
}

_PLAIN = "plain"
_SIDES = ("left", "right")
_STARTS = (
    ("left", "Start from A"),
    ("right", "Start from B"),
    (_PLAIN, "Start without entities"),
)
_SAVES = (
    (Format.CONLL, "CoNLL", "corrections.conll"),
    (Format.JSONL, "JSON lines", "corrections.jsonl"),
    (Format.SPACY, "spaCy JSON lines", "corrections.spacy.jsonl"),
)
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class CorrectTab:
    """What other tabs may do here: hand a result over to the ``editor``."""

    handler: CorrectHandler
    editor: gr.HTML

    def add_entry(self, chosen: SideControls, tabs: gr.Tabs) -> None:
        """Put the way in, for the script's ``ner.correct.take``, into the Blocks at hand.

        Outside of all tabs, since one that was never opened is not there for a script either.
        """
        result = gr.Textbox(visible="hidden")
        entry = gr.Button(visible="hidden", elem_id="correct-take")
        entry.click(lambda: gr.Tabs(selected=TAB), None, tabs, **_QUIET)
        entry.click(
            self.handler.receive,
            [result, *chosen.inputs],
            self.editor,
            js="(_, ...settings) => [correction.taken(), ...settings]",
            **ON_MODEL,
        )


def add_correct_tab(
    load: Loader,
    chosen: SideControls,
    evaluate: EvaluateTab,
    service: Service,
) -> CorrectTab:
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
        starts = {
            value: gr.Button(name, size="sm", scale=0, elem_id=f"start-{value}")
            for value, name in _STARTS
        }
    editor = result_component({"html": "", "data": ""}, "correction", "correction.mount")
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
    return CorrectTab(handler, editor)


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
        js=f"() => [correction.lines(), '{Format.SENTENCES}']",
        **_QUIET,
    )
    evaluate.follow(sent)
