"""Annotated text in files: CoNLL columns to gold sentences and back.

Reading is streamed and each problem is reported with its line. Every reader takes lines and a
``source`` that errors name, so that a pasted text is read by the same code as a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ner.entities import Annotated, Entity, Tagged, spans_of_bio
from ner.errors import FileFormatError

DOCUMENT_START = "-DOCSTART-"

# What each prefix means in BIO2. Two letters are in use for 'last' (IOBES, BILOU) and for 'single'.
_BIO_PREFIX = {"B": "B", "I": "I", "E": "I", "L": "I", "S": "B", "U": "B"}
_CLOSING = ("E", "L", "S", "U")
_TAG = re.compile(rf"O|[{''.join(_BIO_PREFIX)}]-\S+")


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
    for sentence in _iter_blocks(read_lines(path), path):
        if sentence is not None:
            documents[-1].append(sentence)
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
    comments: lines before a sentence's first token that begin with ``#`` and end in no tag.
    Tags may be BIO2, IOB1, IOBES or BILOU. Repair rule, as in conlleval: an I- (or E-) that
    continues no entity of its own type begins one.

    Raises ``FileFormatError`` that names ``source`` and the line.
    """
    return (sentence for sentence in _iter_blocks(lines, source) if sentence is not None)


def annotate_tokens(tokens: Sequence[str], tags: Sequence[str]) -> Annotated:
    """Gold from tokens and their tags (any scheme that `iter_conll` reads)."""
    offsets = []
    position = 0
    for token in tokens:
        offsets.append((position, position + len(token)))
        position += len(token) + 1
    entities = tuple(
        Entity(offsets[first][0], offsets[last - 1][1], label)
        for first, last, label in spans_of_bio(to_bio(tags))
    )
    return Annotated(Tagged(" ".join(tokens), entities), tuple(offsets))


def to_bio(tags: Sequence[str]) -> list[str]:
    """Tags of any scheme with the prefixes B- and I- only, for `spans_of_bio` to read.

    An entity that was closed by E-, L-, S- or U- is not continued by what follows.
    """
    result = []
    closed = False
    for tag in tags:
        prefix, hyphen, label = tag.partition("-")
        bio = "B" if closed and hyphen else _BIO_PREFIX.get(prefix, prefix)
        result.append(f"{bio}{hyphen}{label}")
        closed = prefix in _CLOSING
    return result


def conll_lines(sentences: Iterable[Annotated]) -> Iterator[str]:
    """Lines ``token<TAB>BIO2 tag`` without line ends, and an empty one after each sentence.

    Raises ``ValueError`` for a token that holds a tab or a line end.
    """
    for sentence in sentences:
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
            if not token or re.search(r"[\t\r\n]", token):
                raise ValueError(f"token {token!r} can't stand in a CoNLL column")
            yield f"{token}\t{tag}"
        yield ""


def write_conll(sentences: Iterable[Annotated], path: Path) -> None:
    """Write sentences as UTF-8, see `conll_lines`."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in conll_lines(sentences))


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their ends (LF, CRLF or CR; never U+2028), streamed.

    The encoding is UTF-8, or UTF-16 by its byte-order mark; a mark is not part of the text.
    Raises ``FileFormatError`` for anything else, and when the file can't be opened.
    """
    number = 0
    try:
        with path.open("rb") as binary:
            head = binary.read(4)
        with path.open(encoding=_encoding(head)) as file:
            for number, line in enumerate(file, start=1):
                if "\0" in line:
                    raise FileFormatError(
                        path, number, "a NUL character; save the file as text in UTF-8."
                    )
                yield line.rstrip("\n")
    except UnicodeError as error:
        raise FileFormatError(
            path, None, f"not {_encoding(head)} after line {number:,}; save the file as UTF-8."
        ) from error
    except OSError as error:
        raise FileFormatError(path, None, f"can't be read ({error.strerror}).") from error


def _encoding(head: bytes) -> str:
    """The encoding that the first bytes of a file announce."""
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _iter_blocks(lines: Iterable[str], source: Path | str) -> Iterator[Annotated | None]:
    """Sentences in order, and None where a document begins."""
    rows: list[_Row] = []
    for number, line in enumerate(lines, start=1):
        columns = _columns(line)
        if columns and columns[0] != DOCUMENT_START:
            if rows or not _is_comment(line, columns):
                rows.append(_row(columns, source, number))
            continue
        if rows:
            yield _sentence(rows)
            rows = []
        if columns:
            yield None
    if rows:
        yield _sentence(rows)


def _columns(line: str) -> list[str]:
    """The columns of a line; none of a blank one."""
    line = line.rstrip(" \t\r\n")
    return line.split("\t") if "\t" in line else line.split(" ") if line else []


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
