"""The robustness probe: a text written differently, and which of its entities are still found.

Each rewriting keeps, for every character that it writes, the code point of the original that it
stands for; so what is found in a rewritten text can be held against what was found in the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ner.comparing.agreement import Agreement, align
from ner.entities import Entity, Tagged, Tagger

# One of so many words of four letters or more gets a typo.
_TYPO_EVERY = 3
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


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
        had: dict[int, tuple[str, frozenset[int]]] = {}
        for entity in found.entities:
            letters = _letters(original.text, self.origin[entity.start : entity.end])
            had |= dict.fromkeys(letters, (entity.label, letters))
        fates = []
        for entity in original.entities:
            letters = _letters(original.text, range(entity.start, entity.end))
            there = {had[at] for at in letters if at in had}
            kept = (entity.label, letters) in there
            fates.append(Fate.KEPT if kept else Fate.CHANGED if there else Fate.LOST)
        return tuple(fates)


@dataclass(frozen=True)
class Probe:
    """What two sides still find of a text's entities in each of its rewritings.

    ``left`` and ``right`` give the fates of an entity in the order of ``names``, the rewritings.
    """

    found: Agreement
    names: tuple[str, ...]
    left: dict[Entity, tuple[Fate, ...]]
    right: dict[Entity, tuple[Fate, ...]]


def probe(text: str, left: Tagger, right: Tagger) -> Probe:
    """Tag ``text`` and its rewritings with both."""
    written = rewritings(text)
    texts = [text, *(way.text for way in written)]
    plain, fates = [], []
    for tagger in (left, right):
        found, *others = tagger.tag_many(texts)
        told = [way.fates(found, other) for way, other in zip(written, others, strict=True)]
        plain.append(found)
        fates.append(dict(zip(found.entities, zip(*told, strict=True), strict=True)))
    return Probe(align(*plain), tuple(way.name for way in written), *fates)


def rewritings(text: str) -> tuple[Rewritten, ...]:
    """The probe's rewritings of ``text``."""
    typos = list(text)
    # Two letters in the middle of a word change places.
    for word in list(_LONG_WORD.finditer(text))[::_TYPO_EVERY]:
        middle = word.start() + len(word[0]) // 2
        typos[middle - 1], typos[middle] = text[middle], text[middle - 1]
    # For each code point what is written for it.
    ways = {
        "lower case": [char.lower() for char in text],
        "UPPER CASE": [char.upper() for char in text],
        "no punctuation": [
            "" if unicodedata.category(char).startswith("P") else char for char in text
        ],
        "typos": typos,
        "doubled spaces": [char * 2 if char == " " else char for char in text],
    }
    return tuple(
        Rewritten(name, "".join(parts), tuple(at for at, part in enumerate(parts) for _ in part))
        for name, parts in ways.items()
    )


def _letters(text: str, places: Iterable[int]) -> frozenset[int]:
    """Those of some places in ``text`` at which there is a letter or a digit; else all of them."""
    places = frozenset(places)
    return frozenset(at for at in places if text[at].isalnum()) or places
