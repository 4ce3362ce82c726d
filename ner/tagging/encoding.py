"""Texts as the word pieces of a tokenizer, with offsets into the texts as given."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import numpy as np
from tokenizers import Encoding

from ner.tagging.boundaries import JOINERS, paragraph_starts, word_starts
from ner.tagging.decode import Ints, Pieces
from ner.tagging.segments import Reading, Segment, cut, pieces_at


@dataclass(frozen=True)
class Encoded:
    """Texts as piece ids ``(pieces,)`` behind one another, special tokens left out.

    ``segments`` are the parts in which they are read.
    """

    texts: Sequence[str]
    ids: Ints
    pieces: Pieces
    segments: Sequence[Segment]
    encodings: Sequence[Encoding]


def encode_texts(
    texts: Sequence[str],
    encodings: Sequence[Encoding],
    reading: Reading,
    *,
    knows_words: bool,
) -> Encoded:
    """The pieces of ``texts``, whose ``encodings`` a tokenizer made, to be read by ``reading``.

    Words, kept whole, are those of a tokenizer that ``knows_words``, else ours.
    """
    borders = np.array([0, *accumulate(map(len, encodings))], dtype=np.int64)
    count = int(borders[-1])
    flat = chain.from_iterable
    ids = np.fromiter(flat(encoding.ids for encoding in encodings), np.int64, count)
    pairs = flat(flat(encoding.offsets for encoding in encodings))
    offsets = np.fromiter(pairs, np.int64, 2 * count).reshape(-1, 2)
    # None, for a piece without a word, becomes NaN: such a piece is a word of its own.
    numbers = np.array(list(flat(encoding.word_ids for encoding in encodings)), dtype=np.float64)
    if np.isnan(numbers).any():
        numbers = np.cumsum(np.isnan(numbers) | (np.diff(numbers, prepend=-1.0) != 0))
    words = numbers.astype(np.int64)
    breaks: list[int] = []
    for text, (begin, end) in zip(texts, pairwise(borders.tolist()), strict=True):
        own = slice(begin, end)
        if not knows_words:
            words[own] = _words(text, offsets[own, 0])
        if not text.isascii():
            offsets[own], words[own] = _keep_graphemes(text, offsets[own], words[own])
        if reading.paragraphs and (starts := paragraph_starts(text)):
            breaks += (pieces_at(offsets[own, 1], starts) + begin).tolist()
    pieces = Pieces(offsets[:, 0], offsets[:, 1], words, borders, tuple(breaks))
    return Encoded(texts, ids, pieces, cut(texts, pieces, reading), encodings)


def _words(text: str, starts: Ints) -> Ints:
    """The word of each piece, of which ``starts`` (pieces,) are the code points where it begins.

    A blank counts to the word that follows.
    """
    return np.searchsorted(word_starts(text), _next_without(text, str.isspace)[starts], "right")


def _next_without(text: str, has: Callable[[str], bool]) -> Ints:
    """For each code point and the end of ``text``: the next place that does not have something."""
    skipped = np.array([*map(has, text), False])
    places = np.where(skipped, len(text), np.arange(len(text) + 1))
    return np.asarray(np.minimum.accumulate(places[::-1])[::-1])


def _is_mark(char: str) -> bool:
    """Whether ``char`` is written with the one before it."""
    return char in JOINERS or unicodedata.category(char)[0] == "M"


def _keep_graphemes(text: str, offsets: Ints, words: Ints) -> tuple[Ints, Ints]:
    """Offsets and words such that no combining mark is parted from the character before it.

    A mark that the normalizer took out is in no piece: the piece before it grows over it. A mark
    with a piece of its own joins the word that it touches; so does what follows a joiner.
    """
    after_marks = _next_without(text, _is_mark)
    on_mark = after_marks != np.arange(len(text) + 1)
    if not on_mark.any():
        return offsets, words
    starts, ends = offsets[:, 0], offsets[:, 1]
    grown = np.where(ends > starts, after_marks[ends], ends)
    limit = np.append(np.maximum(starts[1:], ends[:-1]), len(text))
    ends = np.minimum(grown, limit)
    borders = np.diff(words, prepend=-1) != 0
    touching = np.append(False, starts[1:] == ends[:-1])
    after_joiner = np.array([False, *(char in JOINERS for char in text)])
    begins = borders & ~(touching & (on_mark | after_joiner)[starts])
    return np.stack([starts, ends], axis=1), np.cumsum(begins) - 1
