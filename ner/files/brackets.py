"""Bracketed text: ``[Berlin](LOC)``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ner.entities import Entity, Tagged
from ner.files.marked import Marked, Opened, Span

_BRACKETED = re.compile(
    r"\[(?P<span>(?:\\.|[^\\\[\]])+)\]\((?P<label>[\w.-]+)\)|\\(?P<escaped>[\\\[\]])", re.DOTALL
)


def parse_bracketed(marked: str) -> Tagged:
    r"""Text with entities as ``[Berlin](LOC)``; ``\[``, ``\]`` and ``\\`` are the characters.

    No text is an error: what marks nothing, a link for one, stays as it is.

    >>> tagged = parse_bracketed(r"[Ada](PER) wrote \[sic\], see [here](https://example.org)")
    >>> tagged.text
    'Ada wrote [sic], see [here](https://example.org)'
    >>> [(entity.start, entity.end, entity.label) for entity in tagged.entities]
    [(0, 3, 'PER')]
    """
    text = ""
    entities = []
    position = 0
    for match in _BRACKETED.finditer(marked):
        text += marked[position : match.start()]
        position = match.end()
        if match["escaped"]:
            text += match["escaped"]
            continue
        start = len(text)
        text += re.sub(r"\\([\\\[\]])", r"\1", match["span"])
        entities.append(Entity(start, len(text), match["label"]))
    return Tagged(text + marked[position:], tuple(entities))


def recognize(opened: Opened) -> bool:
    """Whether an entity is marked in it."""
    return any(match["label"] for line in opened.head for match in _BRACKETED.finditer(line))


def read(opened: Opened) -> Iterator[Marked]:
    """A text to a line; blank lines are skipped."""
    for number, line in enumerate(opened.lines, start=1):
        if line.strip():
            tagged = parse_bracketed(line)
            spans = [Span(each.start, each.end, each.label) for each in tagged.entities]
            yield Marked([number], tagged.text, spans=spans)
