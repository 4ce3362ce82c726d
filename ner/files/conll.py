"""Columns: a token to a line and its tag beside it (CoNLL and what is like it), both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from statistics import mode

from ner.entities import Annotated
from ner.errors import InputError
from ner.files.marked import Marked, Opened
from ner.tags import is_outside

DOCUMENT_START = "-DOCSTART-"
# So many lines show which column is which.
_SAMPLE = 2_000
# More different words than this are no tags without prefix.
_MOST_TYPES = 60
_PREFIXED = re.compile(r"[BIESLUM][-_]\S+|\S+[-_][BIESLUM]|[BI]", re.IGNORECASE)
# A token, or in CoNLL-U also several at once (3-4) or none (8.1).
_NUMBER = re.compile(r"\d+([-.]\d+)?")
_TYPE = re.compile(r"[^\W\d][\w.-]*")


@dataclass(frozen=True)
class Columns:
    """Which columns hold tokens and tags, counted from 0; ``tag`` None: there are none.

    ``width`` is how many most lines have. Of a line with another number the last is the tag, where
    ``tag`` is the last.
    """

    width: int
    token: int = 0
    tag: int | None = None

    def row(self, columns: Sequence[str]) -> tuple[str, str] | None:
        """Token and tag of a line; None where there are no such columns."""
        tag = len(columns) - 1 if self.tag == self.width - 1 else self.tag or 0
        if max(tag, self.token) >= len(columns) or (self.tag is not None and tag == self.token):
            return None
        # A line of another width may be anything, unless it has a tag.
        if self.tag is not None and len(columns) != self.width and not _is_tag(columns[tag]):
            return None
        token = columns[self.token].strip(" ")
        return (token, columns[tag].strip(" ")) if token else None

    def is_passed_over(self, columns: Sequence[str], *, begun: bool) -> bool:
        """Whether a line is none of the tokens: a comment before the first, or a number of several.

        ``begun`` tells that the sentence has tokens already.
        """
        if self.token == 1 and self.tag != 0 and len(columns) == self.width:
            return not columns[0].isdecimal()
        if begun or not columns[0].startswith("#"):
            return False
        return len(columns) != self.width or (
            self.tag is not None and not _is_tag(columns[self.tag])
        )


def find_columns(lines: Iterable[str], tag_column: int | None = None) -> Columns:
    """Which columns these are, by what stands in them; ``tag_column`` counts from 1.

    A running number before the token is passed over, and then the first column of tags counts, as
    in GermEval; else the last. Only where no other holds tags they are in the first column.
    """
    split = [columns_of(line) for line in islice(lines, _SAMPLE)]
    rows = [row for row in split if row and row[0] != DOCUMENT_START]
    rows = [row for row in rows if not row[0].startswith("#")] or rows
    if not rows:
        return Columns(1)
    width = mode(map(len, rows))
    even = [row for row in rows if len(row) == width]
    token = 1 if width > 2 and _is_numbered(even) else 0
    if tag_column is not None:
        token = token if token != tag_column - 1 else 1 - token
        return Columns(width, token, tag_column - 1)
    others = list(range(token + 1, width))
    if not token:
        others.reverse()
    cells = {index: [row[index].strip(" ") for row in even] for index in range(width)}
    for index in others:
        if _share(cells[index]) > 0 and _share(cells[index], outside=True) >= 0.5:
            return Columns(width, token, index)
    if others and all(map(is_outside, cells[others[0]])):
        return Columns(width, token, others[0])
    if width > 1 and _share(cells[0]) > 0 and _share(cells[0], outside=True) >= 0.5:
        return Columns(width, 1, 0)
    for index in others:
        types = {cell for cell in cells[index] if not is_outside(cell)}
        named = len(types) <= _MOST_TYPES and all(map(_TYPE.fullmatch, types))
        if named and any(map(is_outside, cells[index])) and len(even) > 0.95 * len(rows):
            return Columns(width, token, index)
    return Columns(width, token)


def recognize(head: Sequence[str], _source: Path | str) -> bool:
    """Whether most lines have a tag in the same column."""
    return find_columns(head).tag is not None


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences; a blank line ends one, ``-DOCSTART-`` begins a document."""
    columns = find_columns(opened.lines, opened.reading.tag_column)
    tokens: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    begins = False
    for number, line in enumerate([*opened.lines, ""], start=1):
        split = columns_of(line)
        if split and split[0] != DOCUMENT_START:
            if columns.is_passed_over(split, begun=bool(tokens)):
                continue
            row = columns.row(split) if columns.tag is not None else None
            if row is None:
                raise opened.error(
                    number, f"{line.strip()!r} is no token and tag; expected 'token<TAB>tag'."
                )
            tokens.append(row[0])
            tags.append(row[1])
            numbers.append(number)
            continue
        if tokens:
            yield Marked(numbers, tokens=tokens, tags=tags, begins_document=begins)
            tokens, tags, numbers, begins = [], [], [], False
        begins |= bool(split)


def columns_of(line: str) -> list[str]:
    """The columns of a line, parted by tabs, or by spaces without a tab; none of a blank one."""
    line = line.rstrip(" \t\r\n")
    return line.split("\t") if "\t" in line else [cell for cell in line.split(" ") if cell]


def _is_tag(cell: str) -> bool:
    return is_outside(cell.strip(" ")) or bool(_PREFIXED.fullmatch(cell.strip(" ")))


def _share(cells: Sequence[str], *, outside: bool = False) -> float:
    """How many of the cells are tags with a prefix, or, if asked, outside any entity."""
    return sum(
        bool(_PREFIXED.fullmatch(cell)) or (outside and is_outside(cell)) for cell in cells
    ) / len(cells)


def _is_numbered(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column counts the tokens of each sentence, as in CoNLL-U."""
    if len(rows) < 2 or not all(_NUMBER.fullmatch(row[0]) for row in rows):
        return False
    numbers = [int(row[0]) for row in rows if row[0].isdecimal()]
    return all(after in (0, 1, before + 1) for before, after in pairwise(numbers))


def check_conll_labels(labels: Iterable[str]) -> None:
    """Raise ``InputError`` for a label that would not be read back from a CoNLL file."""
    for label in labels:
        if not re.fullmatch(r"\S+", label):
            raise InputError(
                f"Label {label!r} can't stand in CoNLL, where a tag is one word without white "
                "space. Choose another format, such as JSON lines."
            )


def conll_lines(sentences: Iterable[Annotated]) -> Iterator[str]:
    """Lines ``token<TAB>BIO2 tag`` without line ends, and an empty one after each sentence.

    Raises ``ValueError`` as `token_lines` does, and for a label as `check_conll_labels` does.
    """
    for sentence in sentences:
        check_conll_labels(entity.label for entity in sentence.tagged.entities)
        yield from token_lines(sentence.tokens, sentence.tags)


def token_lines(tokens: Iterable[str], tags: Iterable[str]) -> Iterator[str]:
    """The lines of one sentence without their ends, and an empty one.

    Raises ``ValueError`` for a token that is empty or holds a tab, a line end or NUL.
    """
    for token, tag in zip(tokens, tags, strict=True):
        if not token or re.search(r"[\t\r\n\0]", token):
            raise ValueError(f"token {token!r} can't stand in a CoNLL column")
        yield f"{token}\t{tag}"
    yield ""
