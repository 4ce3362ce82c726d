"""The values that everything else passes around: entities in a text, gold, and taggers.

Offsets are code points of the text, half open: ``text[start:end]`` spells the entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entity:
    """A labelled span.

    ``start`` and ``end`` are code points of the text, half open; ``label`` is the type without
    its BIO prefix (``PER``); ``score`` is a probability in [0, 1], and 1.0 for gold.
    """

    start: int
    end: int
    label: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text and its entities, ordered by start, within bounds and without overlap.

    Raises ``ValueError`` when made from entities that break this, so nothing after it checks.
    """

    text: str
    entities: tuple[Entity, ...] = ()

    def __post_init__(self) -> None:
        previous_end = 0
        for entity in self.entities:
            if not previous_end <= entity.start < entity.end <= len(self.text):
                raise ValueError(
                    f"entity {entity.label} [{entity.start}, {entity.end}) is out of order, empty, "
                    f"overlapping or outside a text of {len(self.text)} characters"
                )
            previous_end = entity.end

    def spelled(self, entity: Entity) -> str:
        """The characters of ``entity``."""
        return self.text[entity.start : entity.end]

    def keep(self, *, labels: Sequence[str] | None = None, threshold: float = 0.0) -> Tagged:
        """The text with only the entities of ``labels`` (None: all) at or over ``threshold``."""
        kept = tuple(
            entity
            for entity in self.entities
            if entity.score >= threshold and (labels is None or entity.label in labels)
        )
        return self if len(kept) == len(self.entities) else Tagged(self.text, kept)


@dataclass(frozen=True, slots=True)
class Annotated:
    """Gold: a tagged text whose tokens are known.

    ``token_offsets`` are the half-open code-point spans of the gold tokens, in order. Every entity
    starts where a token starts and ends where a token ends; otherwise ``ValueError``.
    """

    tagged: Tagged
    token_offsets: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        starts = {start for start, _ in self.token_offsets}
        ends = {end for _, end in self.token_offsets}
        for entity in self.tagged.entities:
            if entity.start not in starts or entity.end not in ends:
                raise ValueError(
                    f"entity {entity.label} [{entity.start}, {entity.end}) does not begin and end "
                    "on token borders"
                )

    @property
    def tokens(self) -> tuple[str, ...]:
        """The gold tokens as written."""
        return tuple(self.tagged.text[start:end] for start, end in self.token_offsets)

    @property
    def tags(self) -> tuple[str, ...]:
        """One BIO2 tag for each token."""
        return bio_tags(self.tagged.entities, self.token_offsets)


@dataclass(frozen=True, slots=True)
class Piece:
    """One word piece as the model saw it.

    ``start``/``end`` are half-open code points of the text; ``tag`` is the most probable tag with
    its prefix (``B-PER``); ``score`` its probability; ``margin`` how far the best tag of *another*
    entity type (or O) lies below it, in [-1, 1]: a small one means that little would flip it.
    ``runner_up`` is that other type, or O; its probability is ``score - margin``. ``word`` numbers
    the words of the text, so pieces of one word share it.
    """

    start: int
    end: int
    text: str
    word: int
    tag: str
    score: float
    margin: float
    runner_up: str = "O"


@dataclass(frozen=True, slots=True)
class Explained:
    """A tagged text with what led to it.

    ``pieces`` in order; ``seams`` are the code points at which a long text passes from one segment
    or window to the next (empty for a text that is read at once).
    """

    tagged: Tagged
    pieces: tuple[Piece, ...]
    seams: tuple[int, ...] = ()

    @property
    def margins(self) -> dict[Entity, float]:
        """Each entity's smallest margin among the pieces that begin its words; 1.0 if none do."""
        margins = dict.fromkeys(self.tagged.entities, 1.0)
        entities = iter(self.tagged.entities)
        entity = next(entities, None)
        word = None
        # Both are in order, so that one pass is enough.
        for piece in self.pieces:
            while entity is not None and entity.end <= piece.start:
                entity = next(entities, None)
            if entity is None:
                break
            if piece.start >= entity.start and piece.word != word:
                margins[entity] = min(margins[entity], piece.margin)
            word = piece.word
        return margins


class Tagger(Protocol):
    """Anything that finds entities: a variant, another program, or a stand-in in a test."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types it can find, without BIO prefixes."""

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Tag several texts; results in the order given."""


def trim(entity: Entity, text: str) -> Entity:
    """The entity without white space at its edges; one of white space only as it is."""
    spelled = text[entity.start : entity.end]
    if not spelled.strip():
        return entity
    start = entity.start + len(spelled) - len(spelled.lstrip())
    return replace(entity, start=start, end=start + len(spelled.strip()))


def bio_tags(
    entities: Sequence[Entity], token_offsets: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """One BIO2 tag for each token: B- where an entity begins, I- inside it, else O.

    A token belongs to an entity when the two overlap, so a span that covers part of a token takes
    the whole token. Both sequences are ordered and free of overlap.
    """
    tags = []
    position = 0
    begun = -1
    for start, end in token_offsets:
        while position < len(entities) and entities[position].end <= start:
            position += 1
        if position < len(entities) and entities[position].start < end:
            prefix = "I" if begun == position else "B"
            tags.append(f"{prefix}-{entities[position].label}")
            begun = position
        else:
            tags.append("O")
    return tuple(tags)


def utf16_offsets(text: str) -> Sequence[int]:
    """For each code point offset into ``text``, its end included, the offset in UTF-16 units.

    >>> utf16_offsets("a🙂b")
    [0, 1, 3, 4]
    """
    if text.isascii():
        return range(len(text) + 1)
    return list(accumulate((1 + (char > "\uffff") for char in text), initial=0))
