"""A table with a token to a row, its tag in another column and its sentence in a third (Kaggle)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ner.files.marked import Marked, Opened

_TOKENS = ("word", "token", "words", "tokens")
_TAGS = ("tag", "ner_tag", "ner", "tags", "label", "labels")


def recognize(head: Sequence[str], _source: Path | str) -> bool:
    """Whether the header names a column of tokens, one of tags and one of sentences."""
    return bool(head) and _columns(head[0]) is not None


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences: one begins where its column holds another value, blanks left out."""
    delimiter, token, tag, sentence = _columns(opened.lines[0]) or (",", 0, 1, 2)
    rows = csv.reader(opened.lines[1:], delimiter=delimiter)
    tokens: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    current = ""
    for row in rows:
        if not row:
            continue
        line = rows.line_num + 1
        if max(token, tag, sentence) >= len(row) or not row[token].strip():
            raise opened.error(line, f"{delimiter.join(row)!r} is no row with a token and a tag.")
        begins = row[sentence].strip() not in ("", current)
        if begins and tokens:
            yield Marked(numbers, tokens=tokens, tags=tags)
            tokens, tags, numbers = [], [], []
        current = row[sentence].strip() or current
        tokens.append(row[token].strip())
        tags.append(row[tag].strip())
        numbers.append(line)
    if tokens:
        yield Marked(numbers, tokens=tokens, tags=tags)


def _columns(header: str) -> tuple[str, int, int, int] | None:
    """Delimiter and the columns of tokens, tags and sentences."""
    for delimiter in ",;\t":
        names = [name.strip(' "\ufeff').casefold() for name in header.split(delimiter)]
        token = next((names.index(name) for name in _TOKENS if name in names), None)
        tag = next((names.index(name) for name in _TAGS if name in names), None)
        sentence = next((at for at, name in enumerate(names) if name.startswith("sent")), None)
        if token is not None and tag is not None and sentence is not None:
            return delimiter, token, tag, sentence
    return None
