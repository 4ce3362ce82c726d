"""Texts in files, one after the other: tables, JSON, plain lines and columns of tokens.

Reading is streamed. What can't be read is handed on as a `BadRow` with its line, and the rest goes
on; only a file that as a whole is not what it should be is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile

from ner.errors import FileFormatError, InputError
from ner.files.columns import guess_column
from ner.files.conll import find_columns, sentences
from ner.files.csv_records import LONGEST_RECORD, BadRow, Line, records
from ner.files.json_records import json_values, parse_json
from ner.files.tokens import join
from ner.io import open_text

_SAMPLE = 100
# Excel's way of saying in the first line what parts the cells.
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
# How JSON begins that is not by line.
_WHOLE = re.compile(r"\s*(\[\s*(\{|$)|\{\s*$)")
# As many as a spreadsheet has; a sample of more would not fit into memory.
_MOST_COLUMNS = 16_384


class Format(StrEnum):
    """How a file holds its texts."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    TXT = "txt"
    CONLL = "conll"
    PARQUET = "parquet"
    XLSX = "xlsx"


ENDINGS: Mapping[str, Format] = {
    **{f".{kind}": kind for kind in Format},
    ".tab": Format.TSV,
    ".json": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".text": Format.TXT,
    ".bio": Format.CONLL,
    ".iob": Format.CONLL,
}
# Those that are read whole, by pandas.
_FRAMES = (Format.PARQUET, Format.XLSX)
_TABLES = (Format.CSV, Format.TSV)


@dataclass(frozen=True, slots=True)
class Row:
    """One text; ``line`` is where it begins in the file, from 1.

    ``tokens`` are their half-open offsets where the file gives them. ``own`` are all values of the
    row by their columns or keys, where it has these: cells, or of JSON any JSON.
    """

    line: int
    text: str
    tokens: tuple[tuple[int, int], ...] | None = None
    own: Mapping[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Source:
    """A file as `inspect` found it.

    ``columns`` are the header's names, or the keys of the first JSON objects that hold text; none
    where those hold none, and for formats without. ``column`` holds the texts; None where it is
    still to be chosen, see `choose`. ``keep`` are the columns whose values go along with the
    texts. ``lines`` is how many the file has, or records where JSON is not by line.
    """

    path: Path
    format: Format
    encoding: str
    lines: int = 0
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    column: str | None = None
    keep: tuple[str, ...] = ()

    def choose(self, column: str | None, keep: Sequence[str] = ()) -> Source:
        """With the texts in ``column``, None keeps the guess; ``keep`` goes along with them.

        Raises ``InputError`` if there is not one such column, or none could be guessed.
        """
        for name in keep if column is None else (*keep, column):
            self._check_column(name)
        chosen = replace(self, keep=tuple(dict.fromkeys(keep)) or self.keep)
        if column is not None:
            return replace(chosen, column=column)
        if self.column is not None or self.format in _PLAIN:
            return chosen
        raise InputError(
            f"Which column of {self.path.name} holds the texts can't be told. Choose one of "
            f"{self._listed}."
        )

    def _check_column(self, column: str) -> None:
        if not isinstance(column, str):
            raise InputError(f"Expected the name of a column, got {type(column).__name__}.")
        if self.format in _PLAIN:
            raise InputError(f"{self.path.name} is {self.format}, which has no columns to choose.")
        found = self.columns.count(column)
        # A key of JSON lines may first occur late in the file.
        if found != 1 and self.format is not Format.JSONL:
            problem = f"has {found} columns {column!r}" if found else f"has no column {column!r}"
            raise InputError(f"{self.path.name} {problem}. Its columns are {self._listed}.")

    def rows(self) -> Iterator[Row | BadRow]:
        """Its texts in order, streamed; what can't be read stands among them.

        Raises ``InputError`` where a column must be chosen first, ``FileFormatError`` if the file
        has changed under our hands.
        """
        return _PLAIN.get(self.format, _record_rows)(self.choose(None))

    @property
    def _listed(self) -> str:
        return ", ".join(map(repr, self.columns))[:500] or "its keys; none of the first has text"


def inspect(
    path: Path,
    *,
    format: Format | None = None,
    encoding: str | None = None,
) -> Source:
    """What is in a file: format by its ending, encoding, columns, and a guess at the text column.

    Without ``encoding`` a byte-order mark decides, else it is UTF-8; the whole file is checked, so
    that nothing is read wrongly in silence. gzip is unpacked; Parquet, Excel and a JSON array are
    read whole. Raises ``FileFormatError`` for a file that is empty, binary, not in that encoding,
    or of a kind that is not read.
    """
    chosen = format or ENDINGS.get(ending_of(path))
    if chosen is None:
        problem = f"its kind is not known by its name; expected {', '.join(ENDINGS)}."
        raise FileFormatError(path, None, problem)
    if path.exists() and not path.is_file():
        problem = (
            "it is a pipe, a device or a folder, and must be a file, since it is read more than "
            "once. Save the texts to a file first."
        )
        raise FileFormatError(path, None, problem)
    codec = "utf-8"
    if chosen not in _FRAMES:
        with open_text(path, encoding) as file:
            codec = file.encoding.removesuffix("-sig")
            if not file.read(1):
                raise FileFormatError(path, None, "it is empty.")
    source = Source(path, chosen, codec)
    source = replace(source, lines=max((line.number for line in _lines(source)), default=0))
    return source if chosen in _PLAIN else _with_columns(source)


def ending_of(path: Path) -> str:
    """The ending of a file's name, that of gzip left out.

    >>> ending_of(Path("reviews.csv.gz")), ending_of(Path("A.TXT"))
    ('.csv', '.txt')
    """
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _lines(source: Source) -> Iterator[Line]:
    """The lines of a file; the rows of a table and the values of JSON over lines, as JSON lines."""
    if source.format in _FRAMES:
        return _frame_lines(source)
    if source.format is Format.JSONL and _WHOLE.match(_first_line(source)):
        values = json_values([line.text for line in _text_lines(source)], source.path)
        return (Line(number, json.dumps(value, ensure_ascii=False)) for number, value in values)
    return _text_lines(source)


def _text_lines(source: Source) -> Iterator[Line]:
    """Lines that LF, CRLF or CR ends, never U+2028; none is read beyond the limit."""
    with open_text(source.path, source.encoding, newline="") as file:
        number = 0
        while text := file.readline(LONGEST_RECORD):
            number += 1
            yield Line(number, text)
            while len(text) == LONGEST_RECORD and not text.endswith("\n"):
                text = file.readline(LONGEST_RECORD)


def _first_line(source: Source) -> str:
    """The first that is not blank."""
    return next((line.text for line in _text_lines(source) if line.text.strip()), "")


def _frame_lines(source: Source) -> Iterator[Line]:
    """The rows of a table as JSON lines, numbered as they are: those of Excel below its header."""
    import pandas as pd

    try:
        if source.format is Format.PARQUET:
            frame, first = pd.read_parquet(source.path), 1
        else:
            frame, first = pd.read_excel(source.path, dtype=object, na_filter=False), 2
        text = frame.to_json(orient="records", lines=True, date_format="iso", force_ascii=False)
    except (ValueError, OSError, LookupError, SyntaxError, BadZipFile) as error:
        problem = f"it can't be read as {source.format} ({str(error)[:200]})."
        raise FileFormatError(source.path, None, problem) from error
    for number, line in enumerate((text or "").split("\n"), start=first):
        if line:
            yield Line(number, line)


def _text_rows(source: Source) -> Iterator[Row | BadRow]:
    """Each line is a text, blank ones too, so that line n stays line n."""
    for line in _lines(source):
        problem = line.problem
        yield line.bad(problem) if problem else Row(line.number, line.text.rstrip("\r\n"))


def _record_rows(source: Source) -> Iterator[Row | BadRow]:
    column = source.column or ""
    for record in _records(source):
        if isinstance(record, BadRow):
            yield record
            continue
        line, own = record
        text = own.get(column)
        if isinstance(text, str):
            yield Row(line.number, text, own=own)
        else:
            yield line.bad(f"there is no string under {column!r}.")


def _records(source: Source) -> Iterator[BadRow | tuple[Line, dict[str, object]]]:
    """The rows with their cells by their columns, or objects, each with its line."""
    if source.format in _TABLES:
        for record in islice(_cells(source), 1, None):
            if isinstance(record, BadRow):
                yield record
            else:
                line, cells = record
                yield line, dict(zip(source.columns, cells, strict=True))
        return
    for line in _lines(source):
        if line.problem:
            yield line.bad(line.problem)
        elif line.text.strip():
            try:
                value = parse_json(line.text, source.path, line.number)
            except FileFormatError as error:
                yield line.bad(error.problem)
                continue
            yield (line, value) if isinstance(value, dict) else line.bad("it is no JSON object.")


def _conll_rows(source: Source) -> Iterator[Row | BadRow]:
    """The sentences, tokens joined by one space; one malformed line costs its sentence only."""
    columns = find_columns(line.text for line in _lines(source))
    for sentence in sentences(_lines(source)):
        first = sentence[0].number
        try:
            rows = columns.rows(sentence, source.path)
        except FileFormatError as error:
            content = "".join(line.text for line in sentence).rstrip("\r\n")
            yield BadRow(error.line or first, error.problem, content[:LONGEST_RECORD])
            continue
        if rows:
            text, offsets = join([token for _, token, _ in rows])
            yield Row(first, text, tuple(offsets))


def _with_columns(source: Source) -> Source:
    """With its columns, and the one of them that most likely holds the texts."""
    table = source.format in _TABLES
    if table:
        source = replace(source, delimiter=_delimiter(source))
        source = replace(source, columns=_header(source))
    sampled = list(islice(_records(source), _SAMPLE))
    sample = [record[1] for record in sampled if not isinstance(record, BadRow)]
    problem = ""
    if table and not sampled:
        problem = "there are no rows in it, only a header."
    elif not table and not sample:
        problem = f"none of its first {_SAMPLE} lines is a JSON object."
    if problem:
        raise FileFormatError(source.path, None, problem)
    keys = dict.fromkeys(
        key
        for record in sample
        for key, value in record.items()
        if isinstance(value, str) or source.format in _FRAMES
    )
    columns = source.columns or tuple(islice(keys, _MOST_COLUMNS))
    cells = [[str(record.get(key, "")) for key in columns] for record in sample]
    return replace(source, columns=columns, column=guess_column(columns, cells))


def _header(source: Source) -> tuple[str, ...]:
    header = next(_cells(source), BadRow(1, "no header in it.", ""))
    if isinstance(header, BadRow):
        raise FileFormatError(source.path, header.line, header.problem)
    line, names = header
    if len(names) > _MOST_COLUMNS:
        problem = f"{len(names):,} columns; at most {_MOST_COLUMNS:,} are read."
        raise FileFormatError(source.path, line.number, problem)
    return tuple(names)


def _delimiter(source: Source) -> str:
    """A tab for TSV; what the line says, as Excel has it; else what the header has most often."""
    if source.format is Format.TSV:
        return "\t"
    header = _first_line(source)
    if said := _SEPARATOR.fullmatch(header):
        return said[1]
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _cells(source: Source) -> Iterator[tuple[Line, list[str]] | BadRow]:
    """The records of CSV or TSV, the header first."""
    lines = _lines(source)
    if source.format is Format.CSV:
        lines = (line for line in lines if line.number > 1 or not _SEPARATOR.fullmatch(line.text))
    return records(lines, source.delimiter, lenient=source.format is Format.TSV)


# Those without columns; all others are read as records.
_PLAIN = {Format.TXT: _text_rows, Format.CONLL: _conll_rows}
