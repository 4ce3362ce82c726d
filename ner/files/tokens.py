"""Texts cut into tokens, and parts of texts."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from ner.entities import Annotated, Tagged, trim

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


def annotate(tagged: Tagged) -> Annotated:
    """Gold from a text whose tokens are not known.

    A token is a run of letters, digits and ``_`` with the marks upon them, or one other character
    with what modifies it; white space and control characters part tokens, and so does the border
    of an entity. White space at an entity's edges is left out of it. Raises ``ValueError`` for an
    entity of white space only.

    >>> from ner.entities import Entity
    >>> annotate(Tagged("two Berliners", (Entity(3, 10, "LOC"),))).tokens
    ('two', 'Berlin', 'ers')
    """
    entities = tuple(trim(entity, tagged.text) for entity in tagged.entities)
    borders = {border for entity in entities for border in (entity.start, entity.end)}
    offsets: list[tuple[int, int]] = []
    for index, char in enumerate(tagged.text):
        if char.isspace() or unicodedata.category(char) == "Cc":
            continue
        if (
            offsets
            and offsets[-1][1] == index
            and index not in borders
            and _belong_together(tagged.text[index - 1], char)
        ):
            offsets[-1] = (offsets[-1][0], index + 1)
        else:
            offsets.append((index, index + 1))
    return Annotated(Tagged(tagged.text, entities), tuple(offsets))


def join(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text of tokens with a space between each two, and where they stand in it.

    >>> join(["Ada", "sat"])
    ('Ada sat', [(0, 3), (4, 7)])
    """
    starts = accumulate((len(token) + 1 for token in tokens), initial=0)
    offsets = [(start, start + len(token)) for start, token in zip(starts, tokens, strict=False)]
    return " ".join(tokens), offsets


def locate(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Where the tokens stand in the text, one after the other; None if one does not."""
    offsets = []
    position = 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0 or text[position:start].strip():
            return None
        position = start + len(token)
        offsets.append((start, position))
    return offsets


def split_at(tagged: Tagged, borders: Iterable[int]) -> list[Tagged]:
    """The parts of a text between ``borders`` (code points, in order) that are not blank.

    For formats that have one sentence to a line or block; scores are kept. A border inside an
    entity parts nothing; line breaks at the end of a part are left out.
    """
    starts = [entity.start for entity in tagged.entities]
    parts: list[Tagged] = []
    begin = first = 0
    for border in (*borders, len(tagged.text)):
        following = bisect_left(starts, border)
        if following and tagged.entities[following - 1].end > border:
            continue
        text = tagged.text[begin:border].rstrip("\r\n")
        entities = tuple(
            replace(entity, start=entity.start - begin, end=min(entity.end - begin, len(text)))
            for entity in tagged.entities[first:following]
            if entity.start - begin < len(text)
        )
        if text.strip():
            parts.append(Tagged(text, entities))
        begin, first = border, following
    return parts


def is_wordy(char: str) -> bool:
    """Whether a character is part of a word in a script that puts spaces between words."""
    # Chinese, Japanese, and South-East Asia.
    spaced = unicodedata.east_asian_width(char) not in "WF" and not "\u0e00" <= char <= "\u109f"
    return _is_wordy(char) and spaced and not "\u1780" <= char <= "\u17ff"


def _belong_together(before: str, char: str) -> bool:
    """Whether two characters side by side belong to one token."""
    extends = _is_mark(char) or char == _ZERO_WIDTH_JOINER or char in _SKIN_TONES
    return extends or before == _ZERO_WIDTH_JOINER or (_is_wordy(before) and _is_wordy(char))


def _is_wordy(char: str) -> bool:
    return char.isalnum() or char == "_" or _is_mark(char)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")
