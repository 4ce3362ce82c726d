"""From a model's logits to entities, without a Python loop over tokens.

The strategies are those of transformers' token-classification pipeline, and give what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ner.entities import Entity
from ner.errors import ModelRefused

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OUTSIDE = "O"


class Strategy(StrEnum):
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
    (tags,) indexes B, I, E, S. A tag without a known prefix counts as I-, as in the pipeline.
    """

    tags: tuple[str, ...]
    types: tuple[str, ...]
    type_of: Ints
    prefix_of: Ints

    @classmethod
    def of(cls, tags: Sequence[str]) -> Scheme:
        """The scheme of ``tags``; ``ModelRefused`` if none of them names an entity type."""
        parts = [_split(tag) for tag in tags]
        types = tuple(dict.fromkeys(name for _, name in parts if name))
        if not types:
            raise ModelRefused(f"The model's labels name no entity type: {', '.join(tags)[:200]}.")
        return cls(
            tags=tuple(tags),
            types=types,
            type_of=np.array([types.index(name) if name else -1 for _, name in parts]),
            prefix_of=np.array([_PREFIXES.index(prefix) for prefix, _ in parts]),
        )


def _split(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag; the type of O is empty."""
    if tag == OUTSIDE:
        return "I", ""
    prefix, dash, name = tag.partition("-")
    if dash and name and prefix in _PREFIXES:
        return prefix, name
    return "I", tag


@dataclass(frozen=True)
class Pieces:
    """The word pieces of a text, special tokens left out.

    ``starts`` and ``ends`` (pieces,) are half-open code points of the text; ``words`` (pieces,)
    numbers the word that each belongs to, never decreasing.
    """

    starts: Ints
    ends: Ints
    words: Ints

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def word_starts(self) -> Ints:
        """The indices of the pieces that begin a word."""
        return _starts(self.words[1:] != self.words[:-1])


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def decode(
    probabilities: Floats, pieces: Pieces, scheme: Scheme, strategy: Strategy
) -> tuple[Entity, ...]:
    """The entities of a text.

    ``probabilities`` has the shape ``(pieces, tags)``. An entity's score is the mean over its
    words (pieces, with ``SIMPLE`` and ``NONE``) of the probability of the label chosen there.
    """
    if not len(pieces):
        return ()
    units, starts, ends = _units(probabilities, pieces, strategy)
    tag = units.argmax(axis=1)
    score = units[np.arange(len(units)), tag]
    kind = scheme.type_of[tag]
    first = _group_starts(kind, scheme.prefix_of[tag], alone=strategy is Strategy.NONE)
    last = _next(first, len(kind))
    mean = np.add.reduceat(score, first) / (last - first)
    found = (kind[first] >= 0).nonzero()[0]
    entities = []
    covered = 0
    for start, end, label, value in zip(
        starts[first[found]].tolist(),
        ends[last[found] - 1].tolist(),
        kind[first[found]].tolist(),
        mean[found].tolist(),
        strict=True,
    ):
        # Byte-level pieces of one character share its offsets: the first one keeps it.
        start = max(start, covered)
        if start < end:
            entities.append(Entity(start, end, scheme.types[label], min(value, 1.0)))
            covered = end
    return tuple(entities)


def _units(probabilities: Floats, pieces: Pieces, strategy: Strategy) -> tuple[Floats, Ints, Ints]:
    """What is labelled: words or pieces. Probabilities ``(units, tags)``, starts, ends."""
    if strategy in (Strategy.NONE, Strategy.SIMPLE):
        return probabilities, pieces.starts, pieces.ends
    first = pieces.word_starts
    last = _next(first, len(pieces)) - 1
    if strategy is Strategy.FIRST or len(first) == len(pieces):
        chosen = probabilities[first]
    elif strategy is Strategy.AVERAGE:
        sums = np.add.reduceat(probabilities, first, axis=0)
        chosen = np.asarray(sums / (last - first + 1)[:, None], dtype=np.float32)
    else:
        chosen = probabilities[_most_confident(probabilities.max(axis=1), first)]
    return chosen, pieces.starts[first], pieces.ends[last]


def _most_confident(confidence: Floats, first: Ints) -> Ints:
    """The index of the most confident piece of each word, the earliest among equals."""
    word = np.repeat(np.arange(len(first)), _next(first, len(confidence)) - first)
    order = np.lexsort((-confidence, word))
    return np.asarray(order[first])


def _group_starts(kind: Ints, prefix: Ints, *, alone: bool) -> Ints:
    """The indices at which a group of units of one type begins, O included."""
    if alone:
        return np.arange(len(kind))
    return _starts((kind[1:] != kind[:-1]) | ((kind[1:] >= 0) & _BEGINS[prefix[:-1], prefix[1:]]))


# The two helpers below do what np.diff and np.append would, at a tenth of their fixed cost, which
# is what counts for the few dozen pieces of an ordinary text.


def _starts(changes: Bools) -> Ints:
    """Indices at which runs begin: 0, and each i + 1 where ``changes[i]`` (n - 1,) holds."""
    begins = np.empty(len(changes) + 1, dtype=bool)
    begins[0] = True
    begins[1:] = changes
    return begins.nonzero()[0]


def _next(starts: Ints, end: int) -> Ints:
    """For each run the index after its last: the next one's start, and ``end`` for the last."""
    following = np.empty_like(starts)
    following[:-1] = starts[1:]
    following[-1] = end
    return following


def margins(probabilities: Floats, scheme: Scheme) -> Floats:
    """How far ahead each piece's best tag is of the best tag of any other type, O included.

    ``probabilities`` ``(pieces, tags)`` -> ``(pieces,)``, in [0, 1].
    """
    by_type = np.stack(
        [
            probabilities[:, scheme.type_of == index].max(axis=1, initial=0.0)
            for index in range(-1, len(scheme.types))
        ],
        axis=1,
    )
    ordered = np.sort(by_type, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2], dtype=np.float32)


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
