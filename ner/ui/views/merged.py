"""One text with what two sides found in it: where they agree, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ner.entities import Explained
from ner.evaluating.report import KEYS
from ner.markup import cut


@dataclass(frozen=True, slots=True)
class Found:
    """An entity: the side that found it, its number there, its span and its label."""

    side: str
    index: int
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a place, cut where segments meet, and the side that alone has it ('' for both)."""

    parts: tuple[str, ...]
    alone: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where entities of either side overlap, in reading order; or, without any, what lies between.

    Pairs that overlap one another share a place: one side may see one name where the other sees
    two.
    """

    stretches: tuple[Stretch, ...]
    found: tuple[Found, ...] = ()


def places(left: Explained, right: Explained | None = None) -> Iterator[Place]:
    """The text of both, which is the same, from its beginning to its end; seams are the left's."""
    text, seams = left.tagged.text, left.seams
    position = 0
    for cluster in _clusters(_found(left, right)):
        start = cluster[0].start
        end = max(one.end for one in cluster)
        if start > position:
            yield Place((Stretch(cut(text, position, start, seams)),))
        yield Place(tuple(_stretches(text, cluster, seams)), tuple(_by_side(cluster)))
        position = end
    yield Place((Stretch(cut(text, position, len(text) + 1, seams)),))


def _found(left: Explained, right: Explained | None) -> list[Found]:
    """The entities of both sides by where they start."""
    explained = (left, right)
    found = [
        Found(key, index, entity.start, entity.end, entity.label)
        for key, side in zip(KEYS, explained, strict=True)
        if side is not None
        for index, entity in enumerate(side.tagged.entities)
    ]
    return sorted(found, key=lambda entity: entity.start)


def _clusters(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Those that overlap, also by way of a third, together."""
    cluster: list[Found] = []
    end = 0
    for entity in found:
        if cluster and entity.start >= end:
            yield cluster
            cluster = []
        cluster.append(entity)
        end = max(end, entity.end) if len(cluster) > 1 else entity.end
    if cluster:
        yield cluster


def _stretches(text: str, cluster: Sequence[Found], seams: Sequence[int]) -> Iterator[Stretch]:
    """A place's text, cut wherever an entity begins or ends."""
    borders = sorted({border for entity in cluster for border in (entity.start, entity.end)})
    for start, end in pairwise(borders):
        sides = {entity.side for entity in cluster if entity.start < end and start < entity.end}
        alone = next(iter(sides)) if len(sides) == 1 else ""
        yield Stretch(cut(text, start, end, seams), alone)


def _by_side(cluster: Sequence[Found]) -> Iterator[Found]:
    for key in KEYS:
        yield from (entity for entity in cluster if entity.side == key)
