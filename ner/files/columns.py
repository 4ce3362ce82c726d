"""Which column of a table holds the texts: a guess at its names and its cells."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

# In order of preference.
_USUAL_NAMES = ("text", "sentence", "content", "body", "message", "comment", "review", "tweet")
# Cells of texts have so many spaces on average.
_SPACES = 2


def guess_column(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> str | None:
    """The column that most likely holds the texts, or None.

    The only one; else the first of the usual names (text, sentence, content …); else the one with
    the longest cells in ``sample``, rows of one cell for each column, if those have several words.

    >>> guess_column(["title", "review_body"], [["Great!", "It tags all that I have"]])
    'review_body'
    >>> guess_column(["text", "note"], [["Fine", "It tags all that I have"]])
    'text'
    """
    if len(columns) == 1:
        return columns[0]
    plain = [column.strip().casefold() for column in columns]
    for name in _USUAL_NAMES:
        if plain.count(name) == 1:
            return columns[plain.index(name)]
    lengths = {
        column: fmean(map(len, cells))
        for column, cells in zip(columns, zip(*sample, strict=True), strict=False)
        if fmean(cell.strip().count(" ") for cell in cells) >= _SPACES
    }
    once = [column for column in lengths if columns.count(column) == 1]
    return max(once, key=lambda column: lengths[column], default=None)
