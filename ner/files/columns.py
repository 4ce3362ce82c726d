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
    times = Counter(plain)
    once = [at for at, name in enumerate(plain) if times[name] == 1]
    lengths = _wordy_columns(sample)
    wordy = [at for at in once if at in lengths]
    for name in (*_USUAL_NAMES, *_WEAK_NAMES):
        called = [at for at in once if plain[at] == name and (name in _USUAL_NAMES or not wordy)]
        partly = [at for at in wordy if name in re.findall(r"[^\W_]+", plain[at])]
        if called or partly:
            return columns[[*called, *partly][0]]
    return columns[max(wordy, key=lambda at: lengths[at])] if wordy else None


def _wordy_columns(sample: Sequence[Sequence[str]]) -> dict[int, float]:
    """The mean length of the cells, for each column in whose cells stand several words."""
    return {
        at: fmean(map(len, cells))
        for at, cells in enumerate(zip(*sample, strict=True))
        if fmean(cell.strip().count(" ") for cell in cells) >= _SPACES
    }
