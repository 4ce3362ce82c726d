"""A table with a token to a row, its tag in another column and its sentence in a third (Kaggle)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from ner.files.marked import Marked, Opened, mark_tokens

# What the columns of tokens, of tags and of sentences are called.
_NAMES = tuple(
    re.compile(name, re.IGNORECASE)
    for name in ("words?|tokens?", "(ner_)?tags?|ner|labels?", "sent.*")
)


def recognize(opened: Opened) -> bool:
    """Whether the header names a column of tokens, one of tags and one of sentences."""
    return _columns(opened) is not None


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences: one begins where its column holds another value, blanks left out."""
    for _, rows in groupby(_rows(opened), key=itemgetter(0)):
        yield mark_tokens(row for _, row in rows)


def _rows(opened: Opened) -> Iterator[tuple[str, tuple[int, str, str]]]:
    """Each row with what its sentence is called."""
    delimiter, columns = _columns(opened) or (",", [0, 1, 2])
    rows = csv.reader(opened.lines[1:], delimiter=delimiter)
    sentence = ""
    for row in filter(None, rows):
        line = rows.line_num + 1
        token, tag, begins = (row[at].strip() if at < len(row) else None for at in columns)
        if not token or tag is None or begins is None:
            raise opened.error(line, f"{delimiter.join(row)!r} is no row with a token and a tag.")
        sentence = begins or sentence
        yield sentence, (line, token, tag)


def _columns(opened: Opened) -> tuple[str, list[int]] | None:
    """Delimiter and the columns of tokens, tags and sentences."""
    for delimiter in ",;\t":
        header = "".join(opened.lines[:1]).split(delimiter)
        names = [name.strip(' "\ufeff') for name in header]
        found = [[at for at, name in enumerate(names) if kind.fullmatch(name)] for kind in _NAMES]
        if all(found):
            return delimiter, [first for first, *_ in found]
    return None
