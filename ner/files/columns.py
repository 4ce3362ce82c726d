"""Which column of a table holds the texts: a guess at its names and its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

_TEXT_NAMES = (
    *("text", "sentence", "content", "body", "message", "comment", "review", "tweet"),
    *("document", "description", "abstract", "title"),
)


def guess_column(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> str | None:
    """The column that most likely holds the texts, or None.

    The only one; else the first of the usual names (text, sentence, content …); else the one with
    the longest cells in ``sample``, rows of one cell for each column, if those have several words.
    """
    if len(columns) == 1:
        return columns[0]
    plain = [column.strip().casefold() for column in columns]
    for name in _TEXT_NAMES:
        if plain.count(name) == 1:
            return columns[plain.index(name)]
    times = Counter(columns)
    wordy = {
        fmean(map(len, cells)): column
        for column, cells in zip(columns, zip(*sample, strict=True), strict=False)
        if times[column] == 1 and fmean(cell.strip().count(" ") for cell in cells) >= 2
    }
    return wordy[max(wordy)] if wordy else None
