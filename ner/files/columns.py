"""Which column of a table holds the texts: a guess at its names and its cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

# In order of preference. The last ones often name something short, such as the title of a review.
_USUAL_NAMES = ("text", "sentence", "content", "body", "message", "comment", "review", "tweet")
_WEAK_NAMES = ("document", "description", "abstract", "title")
# Cells of texts have so many spaces on average.
_SPACES = 2


def guess_column(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> str | None:
    """The column that most likely holds the texts, or None.

    The only one; else the first of the usual names (text, sentence, content …), of which one that
    is a part of a name (``review_body``) counts where the cells have several words; else the one
    with the longest cells in ``sample``, rows of one cell for each column, if those have several
    words. ``title`` and the like give way to cells of several words if theirs have none.

    >>> guess_column(["title", "review_body"], [["Great!", "It tags all that I have"]])
    'review_body'
    >>> guess_column(["text", "note"], [["Fine", "It tags all that I have"]])
    'text'
    """
    if len(columns) == 1:
        return columns[0]
    plain = [column.strip().casefold() for column in columns]
    wordy = _wordy_columns(columns, sample)
    named = [
        (rank, word != name, at)
        for rank, name in enumerate((*_USUAL_NAMES, *_WEAK_NAMES))
        for at, word in enumerate(plain)
        if plain.count(word) == 1
        and (
            (word == name and (name in _USUAL_NAMES or not wordy))
            or (name in re.findall(r"[^\W_]+", word) and columns[at] in wordy)
        )
    ]
    if named:
        return columns[min(named)[-1]]
    return max(wordy, key=lambda column: wordy[column]) if wordy else None


def _wordy_columns(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, float]:
    """The mean length of the cells, for each column in whose cells stand several words."""
    times = Counter(columns)
    return {
        column: fmean(map(len, cells))
        for column, cells in zip(columns, zip(*sample, strict=True), strict=False)
        if times[column] == 1 and fmean(cell.strip().count(" ") for cell in cells) >= _SPACES
    }
