"""Editing, a mode of tab 'Tag': texts whose entities were marked by hand, written as files.

The texts live in the visitor's browser; the server sees them when they are written in a format, and
keeps nothing. What a text began as goes along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import gradio as gr

from ner.comparing.gold_origin import origin_comment, parse_origin
from ner.entities import Tagged
from ner.errors import InputError, one_of
from ner.evaluating.documents import find_sentences
from ner.files.conll import conll_lines
from ner.files.gold import parse_gold
from ner.files.json_records import json_line, parse_json
from ner.files.marked import Offsets, Reading
from ner.files.tokens import annotate, split_at
from ner.io import split_lines
from ner.ui.forms import hidden, pressed_by_script
from ner.ui.jobs import QUIET, Site, as_gradio_errors

# A text with its spans, and the side that found them at first.
_Edited = tuple[Tagged, str | None]


def written(lines: str | None, form: str, *, limit: int) -> str:
    """Texts with spans, given as JSON lines, in the format ``form``; CoNLL has them by sentences.

    What each text began as is kept, see :mod:`ner.comparing.gold_origin`. Raises ``InputError``
    for no text or more than ``limit`` characters, ``FileFormatError`` for lines it can't read.
    """
    lines = lines or ""
    if len(lines) > limit:
        raise InputError("That is more than can be written at once. Remove some texts first.")
    kept = [line for line in split_lines(lines) if line.strip()]
    if not kept:
        raise InputError("There is no text yet. Press Edit on tab Tag first.")
    gold = parse_gold(kept, "The texts", Reading(format="json", offsets=Offsets.CHARACTERS))
    origins = (
        parse_origin(parse_json(line, "The texts", number))
        for number, line in enumerate(kept, start=1)
    )
    texts = [(one.tagged, origin) for one, origin in zip(gold, origins, strict=True)]
    return "".join(f"{line}\n" for line in _WRITERS[one_of(_WRITERS, form, "format")](texts))


def _sentences(tagged: Tagged) -> list[Tagged]:
    """The sentences of a text; an entity across two holds them together."""
    return split_at(tagged, find_sentences(tagged.text))


def _conll(texts: Sequence[_Edited]) -> Iterator[str]:
    for tagged, origin in texts:
        yield origin_comment(origin)
        yield from conll_lines(map(annotate, _sentences(tagged)))


# Sentences are JSON lines too, one for each sentence.
_WRITERS: dict[str, Callable[[Sequence[_Edited]], Iterator[str]]] = {
    "conll": _conll,
    "jsonl": lambda texts: (json_line(tagged, origin=origin) for tagged, origin in texts),
    "spacy": lambda texts: (json_line(tagged, spacy=True) for tagged, _ in texts),
    "sentences": lambda texts: (
        json_line(sentence, origin=origin, document=number)
        for number, (tagged, origin) in enumerate(texts, start=1)
        for sentence in _sentences(tagged)
    ),
}


def add_edit(site: Site, decide: gr.components.Component) -> None:
    """Put what the editor's script presses into the Blocks at hand; ``decide`` takes texts too."""
    # Spans are written out beside the text, which about doubles it.
    write = as_gradio_errors(partial(written, limit=2 * site.service.bounds.gold_characters))
    lines, form, answer = hidden(), hidden(), hidden()
    asked = "() => ner.gold()"
    for name, output, done in (
        ("gold-save", answer, "content => ner.goldSaved(content)"),
        ("gold-decide", decide, "() => ner.goldTaken()"),
    ):
        pressed = pressed_by_script(name)
        saved = pressed.click(write, [lines, form], output, js=asked, **QUIET)
        saved.success(None, output, None, js=done)
