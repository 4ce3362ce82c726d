"""What one request reads of a long text: segments of whole sentences, and windows over them.

All positions are pieces of texts behind one another, half open, special tokens left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ner.errors import InputError
from ner.tagging import decode
from ner.tagging.boundaries import sentence_starts
from ner.tagging.decode import Bools, Floats, Ints, Pieces, Scheme

# A window reads at most this many pieces of its neighbour: enough context on both sides of a seam.
_OVERLAP = 128


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model reads a text, in pieces: chosen on dev data for each model.

    Sentences are packed into segments of at most ``length`` pieces; up to ``context`` pieces of the
    same paragraph on either side are read with a segment and not labelled. Without ``paragraphs``
    a text is read across them, as by transformers' pipeline. Raises ``InputError`` for a length
    under 1 or a context under 0.
    """

    # 64 tokens with the two special ones, which a batch pads no further. On dev sets context cost
    # time and points; `evaluate --reading` repeats that on any gold.
    length: int = 62
    context: int = 0
    paragraphs: bool = True

    def __post_init__(self) -> None:
        if self.length < 1 or self.context < 0:
            raise InputError(
                f"A segment of {self.length} pieces with {self.context} pieces of context; "
                "expected at least 1 and 0."
            )

    @classmethod
    def parse(cls, stated: object) -> Reading:
        """What a checkpoint's config.json states under ``reading``; the default where it is silent.

        >>> Reading.parse({"length": 94, "context": 0}), Reading.parse(None) == Reading()
        (Reading(length=94, context=0, paragraphs=True), True)
        """
        if stated is None:
            return cls()
        values = stated if isinstance(stated, dict) else {}
        length, context = values.get("length"), values.get("context", 0)
        if not isinstance(length, int) or not isinstance(context, int):
            raise InputError(
                "The model's config.json has a reading that is none; expected for example "
                '{"length": 62, "context": 0}, in pieces.'
            )
        return cls(length, context)

    @classmethod
    def chosen(cls, written: str | int) -> Reading | None:
        """What a caller asks for: ``segments`` (None: as the model states), ``whole`` or a length.

        >>> Reading.chosen("segments"), Reading.chosen("94")
        (None, Reading(length=94, context=0, paragraphs=True))
        """
        if written == "segments":
            return None
        if written == "whole":
            # As much as the model can read.
            return cls(sys.maxsize, paragraphs=False)
        digits = str(written)
        # More digits than this are a mistake, and of thousands Python makes no number.
        if isinstance(written, bool) or not digits.isdecimal() or len(digits) > 9:
            raise InputError(
                f"There is no reading {digits[:40]!r}. Choose segments, whole, or a number of "
                "pieces such as 94."
            )
        return cls(int(written))

    @property
    def window(self) -> int:
        """The most pieces that one request reads."""
        return self.length + 2 * self.context

    def within(self, window: int) -> Reading:
        """The same, with as much context and length as a model that reads ``window`` pieces has.

        >>> Reading(length=128, context=16).within(144)
        Reading(length=128, context=8, paragraphs=True)
        """
        length = min(self.length, window)
        return replace(self, length=length, context=min(self.context, (window - length) // 2))


@dataclass(frozen=True, slots=True)
class Segment:
    """The pieces from ``start`` to ``end``, labelled together, and the ``windows`` that read them.

    Each window is what one request reads. They cover the segment in order and may reach beyond it
    by context; neighbours overlap.
    """

    start: int
    end: int
    windows: tuple[tuple[int, int], ...]


def cut(texts: Sequence[str], pieces: Pieces, reading: Reading) -> list[Segment]:
    """The segments of ``texts``: every piece is in exactly one, in order."""
    segments: list[Segment] = []
    paragraphs = pieces.begins_paragraph.nonzero()[0].tolist()
    for begin, end in pairwise([*paragraphs, len(pieces)]):
        borders = [begin, end]
        if end - begin > reading.length:
            number = int(pieces.borders.searchsorted(begin, side="right")) - 1
            borders[1:1] = _sentence_borders(texts[number], pieces, begin, end)
        for start, stop in pack(borders, reading.length):
            # With the context that the paragraph has.
            first, last = max(begin, start - reading.context), min(end, stop + reading.context)
            segments.append(Segment(start, stop, tuple(windows(first, last, reading.window))))
    return segments


def _sentence_borders(text: str, pieces: Pieces, begin: int, end: int) -> list[int]:
    """The pieces inside a paragraph at which a sentence begins, and a word with it."""
    starts = sentence_starts(text, int(pieces.starts[begin]), int(pieces.ends[end - 1]))
    inside = begin + pieces_at(pieces.ends[begin:end], starts)
    found: list[int] = inside[pieces.begins_word[inside]].tolist()
    return found


def pieces_at(ends: Ints, places: Sequence[int]) -> Ints:
    """The pieces of a text at which the code points ``places`` begin; its first piece is none.

    That is the piece that holds the code point, or the next one after it. ``ends`` (pieces,) are
    the code points where pieces end.

    >>> pieces_at(np.array([3, 7, 7, 12]), [0, 4, 8, 20]).tolist()
    [1, 3]
    """
    found = np.unique(np.searchsorted(ends, np.array(places, dtype=np.int64), side="right"))
    return np.asarray(found[(found > 0) & (found < len(ends))])


def pack(borders: Sequence[int], length: int) -> list[tuple[int, int]]:
    """Neighbours of what ``borders`` part, joined while they have at most ``length`` together.

    >>> pack([0, 20, 45, 60, 200, 210], 64)
    [(0, 60), (60, 200), (200, 210)]
    """
    packed: list[tuple[int, int]] = []
    for begin, end in pairwise(borders):
        if packed and end - packed[-1][0] <= length:
            packed[-1] = packed[-1][0], end
        elif begin < end:
            packed.append((begin, end))
    return packed


def windows(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """Windows of at most ``size`` pieces over ``[first, last)``; the last one ends with it.

    >>> windows(0, 60, 64), windows(0, 150, 64)
    ([(0, 60)], [(0, 64), (32, 96), (64, 128), (86, 150)])
    """
    if last - first <= size:
        return [(first, last)]
    step = size - min(_OVERLAP, size // 2)
    starts = [*range(first, last - size, step), last - size]
    return [(start, start + size) for start in starts]


def stitch(
    segment: Segment, views: Sequence[Floats], begins_word: Bools, scheme: Scheme
) -> tuple[Floats, tuple[int, ...]]:
    """One segment's probabilities ``(pieces, tags)``, and where it passes from window to window.

    ``views`` holds the probabilities of each of its windows, ``begins_word`` (pieces of the texts,)
    marks the pieces that begin a word.
    """
    [(begin, _), *following] = segment.windows
    current = views[0]
    parts, seams = [], []
    read_from = segment.start
    for (start, _), view in zip(following, views[1:], strict=True):
        shared = slice(start, begin + len(current))
        left, right = current[start - begin :], view[: shared.stop - start]
        place = start + decode.seam(left, right, begins_word[shared], scheme)
        place = min(max(place, read_from), segment.end)
        parts.append(current[read_from - begin : place - begin])
        if segment.start < place < segment.end:
            seams.append(place)
        begin, current, read_from = start, view, place
    parts.append(current[read_from - begin : segment.end - begin])
    return np.concatenate(parts), tuple(seams)
