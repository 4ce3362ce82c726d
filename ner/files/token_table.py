"""A table with a token to a row, its tag in another column and its sentence in a third (Kaggle)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from ner.files.marked import Marked, Opened, mark_tokens

_TOKENS = ("word", "token", "words", "tokens")
_TAGS = ("tag", "ner_tag", "ner", "tags", "label", "labels")


def recognize(head: Sequence[str], _source: Path | str) -> bool:
    """Whether the header names a column of tokens, one of tags and one of sentences."""
    return bool(head) and _columns(head[0]) is not None


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences: one begins where its column holds another value, blanks left out."""
    for _, rows in groupby(_rows(opened), key=itemgetter(0)):
        yield mark_tokens(row for _, row in rows)


def _rows(opened: Opened) -> Iterator[tuple[str, tuple[int, str, str]]]:
    """Each row with what its sentence is called."""
    delimiter, *columns = _columns(opened.lines[0]) or (",", 0, 1, 2)
    rows = csv.reader(opened.lines[1:], delimiter=delimiter)
    sentence = ""
    for row in filter(None, rows):
        line = rows.line_num + 1
        token, tag, begins = (row[at].strip() if at < len(row) else None for at in columns)
        if not token or tag is None or begins is None:
            raise opened.error(line, f"{delimiter.join(row)!r} is no row with a token and a tag.")
        sentence = begins or sentence
        yield sentence, (line, token, tag)


def _columns(header: str) -> tuple[str, int, int, int] | None:
    """Delimiter and the columns of tokens, tags and sentences."""
    for delimiter in ",;\t":
        names = [name.strip(' "\ufeff').casefold() for name in header.split(delimiter)]
        token, tag = (
            next((names.index(name) for name in known if name in names), None)
            for known in (_TOKENS, _TAGS)
        )
        sentence = next((at for at, name in enumerate(names) if name.startswith("sent")), None)
        if token is not None and tag is not None and sentence is not None:
            return delimiter, token, tag, sentence
    return None
