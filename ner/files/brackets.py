"""Bracketed text: ``[Berlin](LOC)``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ner.files.marked import Marked, Opened, Span

_BRACKETED = re.compile(
    r"\[(?P<span>(?:\\.|[^\\\[\]])+)\]\((?P<label>[\w.-]+)\)|\\(?P<escaped>[\\\[\]])", re.DOTALL
)


def parse_bracketed(marked: str) -> tuple[str, list[Span]]:
    r"""A text and its spans, marked as ``[Berlin](LOC)``; ``\[``, ``\]`` and ``\\`` are characters.

    No text is an error: what marks nothing, a link for one, stays as it is.

    >>> parse_bracketed(r"[Ada](PER) wrote \[sic\], see [here](https://example.org)")[0]
    'Ada wrote [sic], see [here](https://example.org)'
    """
    text = ""
    spans = []
    position = 0
    for match in _BRACKETED.finditer(marked):
        text += marked[position : match.start()]
        position = match.end()
        if match["escaped"]:
            text += match["escaped"]
            continue
        start = len(text)
        text += re.sub(r"\\([\\\[\]])", r"\1", match["span"])
        spans.append(Span(start, len(text), match["label"]))
    return text + marked[position:], spans


def recognize(opened: Opened) -> bool:
    """Whether an entity is marked in it."""
    return any(match["label"] for line in opened.head for match in _BRACKETED.finditer(line))


def read(opened: Opened) -> Iterator[Marked]:
    """A text to a line; blank lines are skipped."""
    for number, line in enumerate(opened.lines, start=1):
        if line.strip():
            text, spans = parse_bracketed(line)
            yield Marked([number], text, spans=spans)
