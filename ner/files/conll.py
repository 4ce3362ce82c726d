"""Columns: a token to a line and its tag beside it (CoNLL and what is like it), both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, starmap
from pathlib import Path
from statistics import mode

from ner.entities import Annotated
from ner.errors import FileFormatError, InputError
from ner.files.csv_records import LONGEST_RECORD, Line
from ner.files.marked import Marked, Opened, mark_tokens
from ner.tags import is_outside

DOCUMENT_START = "-DOCSTART-"
_ENDINGS = (".conll", ".conllu", ".bio", ".iob")
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

    def rows(self, sentence: Sequence[Line], source: Path | str) -> list[tuple[int, str, str]]:
        """Line, token and tag for each token of a sentence; none where it has only comments.

        Raises ``FileFormatError`` with the first line that is none of these.
        """
        if sum(len(line.text) for line in sentence) >= LONGEST_RECORD:
            problem = f"a sentence over {LONGEST_RECORD:,} characters."
            raise FileFormatError(source, sentence[0].number, problem)
        rows: list[tuple[int, str, str]] = []
        for line in sentence:
            cells = [cell.strip(" ") for cell in columns_of(line.text)]
            even = len(cells) == self.width
            at = len(cells) - 1 if self.tag == self.width - 1 else self.tag
            tag = "O" if at is None else "".join(cells[at : at + 1])
            # A line of another width may be anything, unless it has a tag.
            known = even or _is_tag(tag)
            # A comment stands before the first token.
            comment = not rows and cells[0].startswith("#") and not (even and _is_tag(tag))
            # In CoNLL-U a number may also be one of several tokens, or of none.
            passed = even and self.token == 1 and self.tag != 0 and not cells[0].isdecimal()
            if comment or passed or cells[0] == DOCUMENT_START:
                continue
            token = "".join(cells[self.token : self.token + 1])
            if line.problem or not token or not known or at == self.token:
                problem = f"{line.text.strip()!r} is no token and tag; expected 'token<TAB>tag'."
                raise FileFormatError(source, line.number, line.problem or problem)
            rows.append((line.number, token, tag))
        return rows


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
    cells = [[cell.strip(" ") for cell in column] for column in zip(*even, strict=True)]
    others = range(token + 1, width) if token else range(width - 1, 0, -1)
    first, even_enough = others[:1], len(even) > 0.95 * len(rows)
    tags = [
        *(at for at in others if _are_tags(cells[at])),
        *(at for at in first if all(map(is_outside, cells[at]))),
        *(0 for _ in first if _are_tags(cells[0])),
        *(at for at in others if even_enough and _are_types(cells[at])),
    ]
    if tags[:1] == [0]:
        return Columns(width, 1, 0)
    return Columns(width, token, tags[0] if tags else None)


def recognize(opened: Opened) -> bool:
    """Whether most lines have a tag in the same column, and are no sentences.

    A sentence, too, may begin or end in a word like a tag: I, O, e-mail. Columns are told by the
    file's name, by tabs, by O beside other tags, or by two words on each of several lines.
    """
    columns = find_columns(opened.head)
    rows = [cells for cells in map(columns_of, opened.head) if len(cells) == columns.width]
    if columns.tag is None:
        return False
    outside = {is_outside(cells[columns.tag].strip(" ")) for cells in rows}
    tabs = any("\t" in line for line in opened.head)
    told = opened.ending in _ENDINGS or tabs or len(outside) == 2
    return told or (columns.width == 2 and len(rows) > 1)


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences; a blank line ends one, ``-DOCSTART-`` begins a document."""
    columns = find_columns(opened.lines, opened.reading.tag_column)
    if columns.tag is None:
        raise opened.error(None, "no column of it has tags; expected lines 'token<TAB>tag'.")
    begins = False
    for sentence in sentences(starmap(Line, enumerate(opened.lines, start=1))):
        rows = columns.rows(sentence, opened.source)
        if rows:
            yield mark_tokens(rows, begins_document=begins)
        begins = not rows and (begins or _begins_document(sentence[0]))


def sentences(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines of one sentence each.

    They are parted at blank lines, around ``-DOCSTART-``, and before a line that would make a
    sentence too long to keep.
    """
    sentence: list[Line] = []
    size = 0
    for line in lines:
        blank, document = not line.text.strip(), _begins_document(line)
        if sentence and (blank or document or size >= LONGEST_RECORD):
            yield sentence
            sentence, size = [], 0
        if document:
            yield [line]
        elif not blank:
            sentence.append(line)
            size += len(line.text)
    if sentence:
        yield sentence


def _begins_document(line: Line) -> bool:
    return line.text.split(maxsplit=1)[:1] == [DOCUMENT_START]


def columns_of(line: str) -> list[str]:
    """The columns of a line, parted by tabs, or by spaces without a tab; none of a blank one."""
    line = line.rstrip(" \t\r\n")
    return line.split("\t") if "\t" in line else [cell for cell in line.split(" ") if cell]


def _is_tag(cell: str) -> bool:
    return is_outside(cell) or bool(_PREFIXED.fullmatch(cell))


def _are_tags(cells: Sequence[str]) -> bool:
    """Whether some are tags with a prefix, and at least half are such tags or outside."""
    prefixed = sum(map(bool, map(_PREFIXED.fullmatch, cells)))
    return prefixed > 0 and prefixed + sum(map(is_outside, cells)) >= len(cells) / 2


def _are_types(cells: Sequence[str]) -> bool:
    """Whether some are outside, and the others are few different words."""
    types = {cell for cell in cells if not is_outside(cell)}
    named = len(types) <= _MOST_TYPES and all(map(_TYPE.fullmatch, types))
    return named and any(map(is_outside, cells))


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
