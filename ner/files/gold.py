"""Gold, which `evaluate`, `choose` and `train` read, in any of the formats of `FORMATS`.

A new format is a file with `recognize` and `read`, and a line in this list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ner.comparing.gold_origin import read_origins
from ner.entities import Annotated
from ner.errors import InputError
from ner.files import binary, brackets, brat, conll, json_records, token_table, webanno
from ner.files.marked import Marked, Opened, Reading, make_gold
from ner.io import read_lines, replace_surrogates


class Format(NamedTuple):
    """A format: its name, what it is, whether a file is of it, and how it is read."""

    name: str
    title: str
    recognize: Callable[[Opened], bool]
    read: Callable[[Opened], Iterator[Marked]]


# In the order in which they are tried.
FORMATS = (
    Format("docbin", "DocBin of spaCy", lambda it: it.ending == ".spacy", binary.read_docbin),
    Format("parquet", "Parquet", lambda it: it.ending == ".parquet", binary.read_parquet),
    Format("brat", "brat: .ann beside .txt, or a folder", brat.recognize, brat.read),
    Format("webanno", "WebAnno / INCEpTION TSV 3", webanno.recognize, webanno.read),
    Format("json", "JSON or JSON lines", json_records.recognize, json_records.read),
    Format("table", "CSV, a token to a row", token_table.recognize, token_table.read),
    Format("conll", "columns of tokens and tags", conll.recognize, conll.read),
    Format("brackets", "[text](LABEL)", brackets.recognize, brackets.read),
)


@dataclass(frozen=True)
class Gold:
    """The annotated texts of a file by document, and in words what was made of it.

    ``began`` are the sides from whose output it began, see `ner.comparing.gold_origin`.
    """

    documents: Sequence[Sequence[Annotated]]
    notes: Sequence[str]
    began: frozenset[str]

    @property
    def texts(self) -> list[Annotated]:
        """All of them, one after the other."""
        return list(chain(*self.documents))


def load_gold(path: Path, reading: Reading | None = None) -> Gold:
    """The gold in a file or folder. Raises ``FileFormatError``, also where there is none in it."""
    reading = reading or Reading()
    no_text = path.is_dir() or path.suffix in (".spacy", ".parquet")
    lines = () if no_text else read_lines(path, encoding=reading.encoding)
    return gold_of_lines(lines, path, reading)


def gold_of_lines(lines: Iterable[str], source: Path | str, reading: Reading | None = None) -> Gold:
    """The same from lines, of a pasted text for one; ``source`` is named in errors."""
    opened = Opened(list(map(replace_surrogates, lines)), source, reading or Reading())
    found = find_format(opened)
    documents = make_gold(found.read(opened), opened) if found else []
    if not documents:
        first = next(filter(str.strip, opened.lines), "")
        titles = ", ".join(each.title for each in FORMATS)
        begins = f", which begins with {first[:60]!r}" if first else ""
        raise opened.error(None, f"there is no sentence in it{begins}; expected one of: {titles}.")
    return Gold(documents, opened.notes, frozenset(read_origins(opened.lines)))


def find_format(opened: Opened) -> Format | None:
    """The one that was chosen, else that of the content, if it is any."""
    chosen = opened.reading.format
    if chosen is None:
        return next((each for each in FORMATS if each.recognize(opened)), None)
    named = {each.name: each for each in FORMATS}
    if chosen not in named:
        raise InputError(f"There is no format {chosen!r}. Choose one of {', '.join(named)}.")
    return named[chosen]


def read_gold(path: Path, reading: Reading | None = None) -> list[Annotated]:
    """The annotated texts of a file, see `load_gold`."""
    return load_gold(path, reading).texts


def parse_gold(
    lines: Iterable[str], source: Path | str, reading: Reading | None = None
) -> list[Annotated]:
    """The annotated texts in lines, see `gold_of_lines`."""
    return gold_of_lines(lines, source, reading).texts
