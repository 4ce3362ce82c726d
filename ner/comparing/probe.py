"""The robustness probe: a text written differently, and which of its entities are still found.

Each rewriting keeps, for every character that it writes, the code point of the original that it
stands for; so what is found in a rewritten text can be held against what was found in the original.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, pairwise, takewhile

from ner.comparing.agreement import Agreement, align
from ner.entities import Entity, Tagged, Tagger

# One word in this many gets a typo.
_TYPO_EVERY = 3
_TYPO_FROM = 4


class Fate(StrEnum):
    """What became of an entity in a rewritten text.

    ``KEPT``: its label on its words, no matter whether spaces or punctuation at its edges moved;
    ``CHANGED``: something overlaps it with another label or other words; ``LOST``: nothing does.
    """

    KEPT = "kept"
    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True)
class Rewritten:
    """A text written in another way.

    ``origin[i]`` is the code point of the original that character i stands for; it never falls.
    """

    name: str
    text: str
    origin: tuple[int, ...]

    def fates(self, original: Tagged, found: Tagged) -> tuple[Fate, ...]:
        """What became of each entity of ``original``, given what was found in ``text``."""
        back = tuple(
            Entity(
                self.origin[entity.start],
                self.origin[entity.end - 1] + 1,
                entity.label,
                entity.score,
            )
            for entity in found.entities
        )
        return tuple(_fate(original.text, entity, back) for entity in original.entities)


Fates = dict[Entity, tuple[Fate, ...]]


@dataclass(frozen=True)
class Probe:
    """What two sides still find of a text's entities in each of its rewritings.

    ``left`` and ``right`` give the fates of an entity in the order of ``names``, the rewritings.
    """

    found: Agreement
    names: tuple[str, ...]
    left: Fates
    right: Fates


def probe(text: str, left: Tagger, right: Tagger) -> Probe:
    """Tag ``text`` and its rewritings with both."""
    written = rewritings(text)
    (found_left, left_fates), (found_right, right_fates) = (
        _probe_side(text, written, tagger) for tagger in (left, right)
    )
    names = tuple(rewriting.name for rewriting in written)
    return Probe(align(found_left, found_right), names, left_fates, right_fates)


def _probe_side(text: str, written: Sequence[Rewritten], tagger: Tagger) -> tuple[Tagged, Fates]:
    """What ``tagger`` finds in the text as given, and what becomes of it."""
    plain, *others = tagger.tag_many([text, *(rewriting.text for rewriting in written)])
    fates = [way.fates(plain, other) for way, other in zip(written, others, strict=True)]
    return plain, dict(zip(plain.entities, zip(*fates, strict=True), strict=True))


def rewritings(text: str) -> tuple[Rewritten, ...]:
    """The probe's rewritings of ``text``."""
    plain = list(enumerate(text))
    return (
        _rewritten("lower case", ((at, char.lower()) for at, char in plain)),
        _rewritten("UPPER CASE", ((at, char.upper()) for at, char in plain)),
        _rewritten(
            "no punctuation",
            (pair for pair in plain if not unicodedata.category(pair[1]).startswith("P")),
        ),
        _rewritten("typos", _with_typos(text)),
        _rewritten(
            "doubled spaces", ((at, char * 2 if char == " " else char) for at, char in plain)
        ),
    )


def _rewritten(name: str, parts: Iterable[tuple[int, str]]) -> Rewritten:
    """From pairs of a code point of the original and what is written for it."""
    written = [(at, char) for at, part in parts for char in part]
    return Rewritten(name, "".join(char for _, char in written), tuple(at for at, _ in written))


def _with_typos(text: str) -> Iterator[tuple[int, str]]:
    """Two letters swapped in the middle of every third word of four letters or more."""
    words = [(start, end) for start, end in _words(text) if end - start >= _TYPO_FROM]
    swapped = {start + (end - start) // 2 for start, end in words[::_TYPO_EVERY]}
    for at, char in enumerate(text):
        if at in swapped:
            yield at, text[at - 1]
        elif at + 1 in swapped:
            yield at, text[at + 1]
        else:
            yield at, char


def _words(text: str) -> Iterator[tuple[int, int]]:
    """The runs of letters."""
    borders = [0, *(i for i in range(1, len(text)) if text[i].isalpha() != text[i - 1].isalpha())]
    for start, end in pairwise([*borders, len(text)]):
        if text[start:end].isalpha():
            yield start, end


def _fate(text: str, entity: Entity, found: Sequence[Entity]) -> Fate:
    """``found`` is in the original's code points, in order."""
    first = bisect_right(found, entity.start, key=lambda entity: entity.end)
    touching = list(takewhile(lambda other: other.start < entity.end, islice(found, first, None)))
    if not touching:
        return Fate.LOST
    wanted = (entity.label, *_core(text, entity))
    kept = any((other.label, *_core(text, other)) == wanted for other in touching)
    return Fate.KEPT if kept else Fate.CHANGED


def _core(text: str, entity: Entity) -> tuple[int, int]:
    """Its span without what is neither letter nor digit at the edges."""
    start, end = entity.start, entity.end
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    return start, end
