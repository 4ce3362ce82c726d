"""brat: spans in an ``.ann`` file beside the ``.txt`` that they count in, or a folder of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ner.files.marked import Marked, Opened, Span
from ner.io import read_lines

_SPAN = re.compile(r"T\d+\t(?P<label>\S+) (?P<start>\d+) (?P<end>\d+)(?P<more>;[^\t]*)?\t(.*)")


def recognize(_head: Sequence[str], source: Path | str) -> bool:
    """Whether it is an ``.ann``, a ``.txt`` with one beside it, or a folder with some in it."""
    return isinstance(source, Path) and bool(_annotations(source))


def read(opened: Opened) -> Iterator[Marked]:
    """Each line of each text; a file is a document. An entity over lines joins them."""
    parted = 0
    for file in _annotations(Path(opened.source)):
        encoding = opened.reading.encoding
        text = "\n".join(read_lines(file.with_suffix(".txt"), encoding=encoding))
        spans = []
        for line in read_lines(file, encoding=encoding):
            if match := _SPAN.fullmatch(line):
                parted += match["more"] is not None
                if match["more"] is None:
                    start, end = int(match["start"]), int(match["end"])
                    spans.append(Span(start, end, match["label"], match[5]))
        yield from _by_line(text, spans)
    if parted:
        opened.notes.append(f"{parted:,} spans of several parts were left out.")


def _by_line(text: str, spans: Sequence[Span]) -> Iterator[Marked]:
    """The lines of a text; a line end inside a span parts nothing."""
    start, number, begins = 0, 1, True
    for end in (match.end() for match in re.finditer(r"\n|\Z", text)):
        if any(span.start < end < span.end for span in spans):
            continue
        line = text[start:end].removesuffix("\n")
        # What lies beyond the text is told of its last line.
        here = [s for s in spans if start <= s.start and (s.start < end or end == len(text))]
        shifted = [s._replace(start=s.start - start, end=s.end - start) for s in here]
        if line.strip() or here:
            yield Marked([number], line, spans=shifted, begins_document=begins)
            begins = False
        number += text[start:end].count("\n")
        start = end


def _annotations(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(source.glob("*.ann"))
    file = source.with_suffix(".ann")
    return [file] if source.suffix in (".ann", ".txt") and file.is_file() else []
