"""brat: spans in an ``.ann`` file beside the ``.txt`` that they count in, or a folder of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ner.files.marked import Marked, Opened, Span
from ner.io import read_lines

_SPAN = re.compile(
    r"T\d+\t(?P<label>\S+) (?P<start>\d+) (?P<end>\d+)(?P<more>;[^\t]*)?\t(?P<spelled>.*)"
)


def recognize(opened: Opened) -> bool:
    """Whether it is an ``.ann``, a ``.txt`` with one beside it, or a folder with some in it."""
    return isinstance(opened.source, Path) and bool(_annotations(opened.source))


def read(opened: Opened) -> Iterator[Marked]:
    """Each text by its lines; a file is a document. An entity over lines joins them."""
    parted = 0
    for file in _annotations(Path(opened.source)):
        encoding = opened.reading.encoding
        text = "\n".join(read_lines(file.with_suffix(".txt"), encoding=encoding))
        matches = list(filter(None, map(_SPAN.fullmatch, read_lines(file, encoding=encoding))))
        spans = [
            Span(int(match["start"]), int(match["end"]), match["label"], match["spelled"])
            for match in matches
            if not match["more"]
        ]
        parted += len(matches) - len(spans)
        yield Marked([0], text, spans=spans, begins_document=True, by_line=True)
    if parted:
        opened.notes.append(f"{parted:,} spans of several parts were left out.")


def _annotations(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(source.glob("*.ann"))
    file = source.with_suffix(".ann")
    return [file] if source.suffix in (".ann", ".txt") and file.is_file() else []
