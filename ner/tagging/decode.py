"""From a model's logits to entities, without a Python loop over tokens.

The aggregations are those of transformers' token-classification pipeline, and give what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ner.entities import Entity
from ner.errors import InputError, ModelRefused
from ner.tags import Tag, read_tags

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OUTSIDE = "O"


class Aggregation(StrEnum):
    """How the predictions for a word's pieces become one, and words become entities.

    ``FIRST``, ``AVERAGE`` and ``MAX`` keep words whole: the label comes from the first piece, from
    the mean of the pieces' probabilities, or from the most confident piece. ``SIMPLE`` joins pieces
    of one type and may split a word. ``NONE`` gives each piece alone, as the model tagged it.
    """

    FIRST = "first"
    AVERAGE = "average"
    MAX = "max"
    SIMPLE = "simple"
    NONE = "none"


# Whether a tag begins a new entity though the tag before it has the same type: rows are the
# previous tag's prefix, columns the current one's. One table serves BIO, IOB1 and IOBES.
_PREFIXES = "BIES"
_BEGINS = np.array(
    [  # B      I      E      S
        [True, False, False, True],  # after B
        [True, False, False, True],  # after I
        [True, True, True, True],  # after E
        [True, True, True, True],  # after S
    ]
)


@dataclass(frozen=True)
class Scheme:
    """A model's tag set, taken apart.

    ``tags`` are its labels as configured (``B-PER``); ``types`` the entity types in order of
    first appearance, without O; ``type_of`` (tags,) indexes ``types``, -1 for O; ``prefix_of``
    (tags,) indexes B, I, E, S. They are read in every notation that :mod:`ner.tags` knows; a tag
    without prefix counts as I-, as in the pipeline.
    """

    tags: tuple[str, ...]
    types: tuple[str, ...]
    type_of: Ints
    prefix_of: Ints

    @classmethod
    def of(cls, tags: Sequence[str]) -> Scheme:
        """The scheme of ``tags``; ``ModelRefused`` if none of them names an entity type."""
        parts = _read(tags)
        types = tuple(dict.fromkeys(name for _, name in parts if name))
        if not types:
            raise ModelRefused(f"The model's labels name no entity type: {', '.join(tags)[:200]}.")
        return cls(
            tags=tuple(tags),
            types=types,
            type_of=np.array([types.index(name) if name else -1 for _, name in parts]),
            prefix_of=np.array([_PREFIXES.index(prefix) for prefix, _ in parts]),
        )


def _read(tags: Sequence[str]) -> list[Tag]:
    """Tags taken apart; each by itself where they have no common notation."""
    try:
        read = read_tags(tags)
    except InputError:
        read = {tag: read_tags([tag or OUTSIDE])[tag or OUTSIDE] for tag in tags}
    # Whatever its prefix would be, a tag without type is outside.
    return [Tag("I", "") if read[tag].prefix == OUTSIDE else read[tag] for tag in tags]


@dataclass(frozen=True)
class Pieces:
    """The word pieces of one text or of several behind one another, special tokens left out.

    ``starts`` and ``ends`` (pieces,) are half-open code points of their own text; ``words``
    (pieces,) numbers the word that each belongs to, never decreasing within a text. Text i has the
    pieces from ``borders[i]`` to ``borders[i + 1]``; ``borders`` is (texts + 1,). ``breaks`` are
    the pieces that begin a paragraph inside a text: no word and no entity goes across.
    """

    starts: Ints
    ends: Ints
    words: Ints
    borders: Ints
    breaks: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def begins_paragraph(self) -> Bools:
        """Whether a piece (pieces,) is the first one of its text or of a paragraph in it."""
        begins = np.zeros(len(self) + 1, dtype=bool)
        begins[self.borders] = True
        begins[list(self.breaks)] = True
        return begins[:-1]

    @cached_property
    def begins_word(self) -> Bools:
        """Whether a piece (pieces,) is the first one of a word."""
        begins = self.begins_paragraph.copy()
        begins[1:] |= self.words[1:] != self.words[:-1]
        return begins


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def decode(
    probabilities: Floats, pieces: Pieces, scheme: Scheme, aggregation: Aggregation
) -> list[tuple[Entity, ...]]:
    """The entities of each text.

    ``probabilities`` has the shape ``(pieces, tags)``. An entity's score is the mean over its
    words (pieces, with ``SIMPLE`` and ``NONE``) of the probability of the label chosen there.
    """
    entities: list[list[Entity]] = [[] for _ in pieces.borders[1:]]
    if not len(pieces):
        return [()] * len(entities)
    units, begins, ends = _units(probabilities, pieces, aggregation)
    tag = units.argmax(axis=1)
    score = units[np.arange(len(units)), tag]
    kind = scheme.type_of[tag]
    if aggregation is Aggregation.NONE:
        first = np.arange(len(kind))
    else:
        first = _group_starts(kind, scheme.prefix_of[tag], pieces.begins_paragraph[begins])
    last = np.append(first[1:], len(kind))
    mean = np.add.reduceat(score, first) / (last - first)
    found = (kind[first] >= 0).nonzero()[0]
    first_piece = begins[first[found]]
    covered, previous = 0, -1
    for text, start, end, label, value in zip(
        (pieces.borders.searchsorted(first_piece, side="right") - 1).tolist(),
        pieces.starts[first_piece].tolist(),
        pieces.ends[ends[last[found] - 1]].tolist(),
        kind[first[found]].tolist(),
        mean[found].tolist(),
        strict=True,
    ):
        # Byte-level pieces of one character share its offsets: the first one keeps it.
        start = max(start, covered) if text == previous else start
        if start < end:
            entities[text].append(Entity(start, end, scheme.types[label], min(value, 1.0)))
            covered, previous = end, text
    return [tuple(found_there) for found_there in entities]


def _units(
    probabilities: Floats, pieces: Pieces, aggregation: Aggregation
) -> tuple[Floats, Ints, Ints]:
    """What is labelled, words or pieces: probabilities ``(units, tags)``, first and last pieces."""
    if aggregation in (Aggregation.NONE, Aggregation.SIMPLE):
        every = np.arange(len(pieces))
        return probabilities, every, every
    first = pieces.begins_word.nonzero()[0]
    last = np.append(first[1:], len(pieces)) - 1
    if aggregation is Aggregation.FIRST or len(first) == len(pieces):
        chosen = probabilities[first]
    elif aggregation is Aggregation.AVERAGE:
        sums = np.add.reduceat(probabilities, first, axis=0)
        chosen = np.asarray(sums / (last - first + 1)[:, None], dtype=np.float32)
    else:
        # Sorted by word, in it by confidence: the most confident piece, the earliest among equals.
        by_confidence = np.lexsort((-probabilities.max(axis=1), np.cumsum(pieces.begins_word)))
        chosen = probabilities[by_confidence[first]]
    return chosen, first, last


def _group_starts(kind: Ints, prefix: Ints, begins_paragraph: Bools) -> Ints:
    """The indices at which a group of units of one type begins, O included."""
    begins = begins_paragraph.copy()
    begins[1:] |= kind[1:] != kind[:-1]
    begins[1:] |= (kind[1:] >= 0) & _BEGINS[prefix[:-1], prefix[1:]]
    return begins.nonzero()[0]


def runners_up(probabilities: Floats, scheme: Scheme) -> tuple[Floats, Ints]:
    """How far ahead each piece's best tag is of the best tag of any other type, and that type.

    ``probabilities`` ``(pieces, tags)`` -> margins ``(pieces,)``, in [0, 1], and indices of types
    ``(pieces,)``, -1 for O.
    """
    by_type = np.stack(
        [
            probabilities[:, scheme.type_of == index].max(axis=1, initial=0.0)
            for index in range(-1, len(scheme.types))
        ],
        axis=1,
    )
    ordered = np.argsort(by_type, axis=1, kind="stable")
    best, second = ordered[:, -1:], ordered[:, -2:-1]
    ahead = np.take_along_axis(by_type, best, 1) - np.take_along_axis(by_type, second, 1)
    return np.asarray(ahead[:, 0], dtype=np.float32), second[:, 0] - 1


def seam(left: Floats, right: Floats, allowed: Bools, scheme: Scheme) -> int:
    """Where in their overlap to pass from one window to the next.

    ``left`` and ``right`` are both windows' probabilities ``(overlap, tags)`` for the same pieces;
    ``allowed`` (overlap,) marks the pieces that begin a word. Returns k: pieces before k are read
    from ``left``, the others from ``right``. It is the word nearest the middle, where both see
    most context, that both windows call O: so no entity is put together from two windows. Where
    there is none it is the word nearest the middle, and the middle itself inside a huge word.
    """
    middle = len(left) // 2
    outside = (scheme.type_of[left.argmax(axis=1)] < 0) & (scheme.type_of[right.argmax(axis=1)] < 0)
    for places in (np.flatnonzero(allowed & outside), np.flatnonzero(allowed)):
        if len(places):
            return int(places[np.abs(places - middle).argmin()])
    return middle
