"""CoNLL columns, a token and its tag to a line, both ways.

Reading is streamed and each problem is reported with its line. Every reader takes lines and a
``source`` for errors to name, so that a pasted text is read by the same code as a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ner.entities import Annotated, Entity, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.encoding import read_lines
from ner.tags import spans_of_tags

DOCUMENT_START = "-DOCSTART-"
# What each prefix means in BIO2: IOBES and BILOU have letters of their own for 'last' and 'single'.
_BIO_PREFIX = {"B": "B", "I": "I", "E": "I", "L": "I", "S": "B", "U": "B"}
_CLOSING = ("E", "L", "S", "U")
_TAG = re.compile(rf"O|[{''.join(_BIO_PREFIX)}]-\S+")


class Scheme(StrEnum):
    """How the tags of a CoNLL file mark where entities begin and end."""

    BIO2 = "BIO2"
    IOB1 = "IOB1"
    IOBES = "IOBES"


@dataclass(frozen=True, slots=True)
class TagNotes:
    """What was made of the tags of a CoNLL file.

    ``repaired`` are the lines (from 1) of an I- or E- that continued no entity of its type and was
    read as the beginning of one; in IOB1 that is no repair.
    """

    scheme: Scheme
    repaired: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One token of a CoNLL file; ``line`` counts from 1."""

    line: int
    token: str
    tag: str


def read_conll(path: Path) -> list[Annotated]:
    """The sentences of a CoNLL file, see `iter_conll`.

    UTF-8, or UTF-16 that begins with its byte-order mark. Raises ``FileFormatError`` for another
    encoding, for a malformed line, or when there is no sentence in the file.
    """
    return [sentence for document in read_conll_documents(path) for sentence in document]


def read_conll_documents(path: Path) -> list[list[Annotated]]:
    """The same, one list for each ``-DOCSTART-``; one list in all where there is none."""
    documents: list[list[Annotated]] = [[]]
    for rows in _blocks(read_lines(path), path):
        if rows:
            documents[-1].append(_sentence(rows))
        elif documents[-1]:
            documents.append([])
    documents = [document for document in documents if document]
    if not documents:
        raise FileFormatError(path, None, "there is no sentence in it; expected 'token<TAB>tag'.")
    return documents


def iter_conll(lines: Iterable[str], source: Path | str) -> Iterator[Annotated]:
    """The sentences of CoNLL lines; the text of each is its tokens joined by one space.

    Columns are parted by tabs, or by spaces in a line without a tab; the first is the token, the
    last its tag. A blank line ends a sentence; ``-DOCSTART-`` lines are skipped, and so are
    comments: lines before a sentence's first token that begin with ``#``, have no tab and end in
    no tag. Tags may be BIO2, IOB1, IOBES or BILOU. Repair rule, as in conlleval: an I- (or E-) that
    continues no entity of its own type begins one; `tag_notes` tells where.

    Raises ``FileFormatError`` that names ``source`` and the line.
    """
    return (_sentence(rows) for rows in _blocks(lines, source) if rows)


def tag_notes(lines: Iterable[str], source: Path | str) -> TagNotes:
    """Which scheme the tags of CoNLL lines follow, and which of them had to be repaired.

    Raises ``FileFormatError`` as `iter_conll` does.

    >>> tag_notes(["Ada B-PER", "in O", "Rome I-LOC"], "the lines")
    TagNotes(scheme=<Scheme.BIO2: 'BIO2'>, repaired=(3,))
    >>> tag_notes(["Ada I-PER", "in O", "Rome I-LOC"], "the lines")
    TagNotes(scheme=<Scheme.IOB1: 'IOB1'>, repaired=())
    """
    closes = begins_with_b = False
    continuing_nothing = []
    for rows in _blocks(lines, source):
        previous = ("O", "")
        for row in rows:
            prefix, _, label = row.tag.partition("-")
            closes |= prefix in _CLOSING
            fresh = previous[0] in ("O", *_CLOSING) or previous[1] != label
            begins_with_b |= prefix == "B" and fresh
            if fresh and prefix in ("I", "E", "L"):
                continuing_nothing.append(row.line)
            previous = (prefix, label)
    if not closes and not begins_with_b and continuing_nothing:
        return TagNotes(Scheme.IOB1, ())
    return TagNotes(Scheme.IOBES if closes else Scheme.BIO2, tuple(continuing_nothing))


def is_blank_or_comment(line: str) -> bool:
    """Whether a line before a sentence's first token is passed over."""
    columns = _columns(line)
    return not columns or _is_comment(line, columns)


def is_conll_line(line: str) -> bool:
    """Whether a line looks like CoNLL: a new document, or a tag in its last column."""
    columns = _columns(line)
    return bool(columns) and (columns[0] == DOCUMENT_START or bool(_TAG.fullmatch(columns[-1])))


def annotate_tokens(tokens: Sequence[str], tags: Sequence[str]) -> Annotated:
    """Gold from tokens and their tags (any scheme that `iter_conll` reads)."""
    offsets = []
    position = 0
    for token in tokens:
        offsets.append((position, position + len(token)))
        position += len(token) + 1
    entities = tuple(
        Entity(offsets[first][0], offsets[last - 1][1], label)
        for first, last, label in spans_of_tags(tags)
    )
    return Annotated(Tagged(" ".join(tokens), entities), tuple(offsets))


def check_conll_labels(labels: Iterable[str]) -> None:
    """Raise ``InputError`` for a label that would not be read back from a CoNLL file."""
    for label in labels:
        if not _TAG.fullmatch(f"B-{label}"):
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


def _blocks(lines: Iterable[str], source: Path | str) -> Iterator[list[_Row]]:
    """The rows of each sentence in order, and an empty list where a document begins."""
    rows: list[_Row] = []
    for number, line in enumerate(lines, start=1):
        columns = _columns(line)
        if columns and columns[0] != DOCUMENT_START:
            if rows or not _is_comment(line, columns):
                rows.append(_row(columns, source, number))
            continue
        if rows:
            yield rows
            rows = []
        if columns:
            yield []
    if rows:
        yield rows


def _columns(line: str) -> list[str]:
    """The columns of a line; none of a blank one."""
    line = line.rstrip(" \t\r\n")
    return line.split("\t") if "\t" in line else line.lstrip(" ").split(" ") if line else []


def _is_comment(line: str, columns: list[str]) -> bool:
    return line.startswith("#") and "\t" not in line and not _TAG.fullmatch(columns[-1])


def _row(columns: list[str], source: Path | str, number: int) -> _Row:
    token, tag = columns[0].strip(" "), columns[-1].strip(" ")
    if len(columns) < 2 or not token:
        raise FileFormatError(
            source, number, f"{' '.join(columns)!r} is no token and tag; expected 'token<TAB>tag'."
        )
    if not _TAG.fullmatch(tag):
        raise FileFormatError(
            source, number, f"tag {tag!r} is neither O nor B-, I-, E- or S- and a type (B-PER)."
        )
    return _Row(number, token, tag)


def _sentence(rows: list[_Row]) -> Annotated:
    return annotate_tokens([row.token for row in rows], [row.tag for row in rows])
