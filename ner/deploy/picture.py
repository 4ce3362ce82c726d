"""A small picture for a model card: F1 of both on each recorded set, as SVG that stands alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ner.deploy.recorded import Json, RecordedSet
from ner.markup import render

_WIDTH, _LEFT, _TOP, _ROW = 640, 240, 34, 34
_LONGEST_NAME = 36


@dataclass(frozen=True, slots=True)
class _Dot:
    """A side's F1 and its interval, as places across, and its height."""

    x: float
    low: float
    high: float
    y: float


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    y: int
    dots: tuple[_Dot, ...]


def scores_picture(sets: Sequence[RecordedSet], title: str) -> str:
    """The F1 of the original (circles) and of ``title`` (squares), with their 95 % intervals.

    The scale begins at the tenth below the lowest interval. At least one set.
    """
    lowest = min(side["f1_low"] for held in sets for side in (held.original, held.variant))
    begin = math.floor(10 * min(lowest, 0.9)) / 10
    tenths = range(round(10 * begin), 11)
    picture = render(
        "ner.deploy",
        "scores.svg.jinja",
        width=_WIDTH,
        height=_TOP + _ROW * len(sets) + 36,
        left=_LEFT,
        top=_TOP,
        title=title,
        ticks=[(_place(tenth / 10, begin), 10 * tenth) for tenth in tenths],
        rows=[_row(held, begin, _TOP + _ROW * number) for number, held in enumerate(sets)],
    )
    return str(picture)


def _row(held: RecordedSet, begin: float, top: int) -> _Row:
    name = held.title if len(held.title) <= _LONGEST_NAME else f"{held.title[:35]}…"
    middle = top + _ROW // 2
    return _Row(
        name,
        middle,
        (_dot(held.original, begin, middle - 6), _dot(held.variant, begin, middle + 6)),
    )


def _dot(side: Json, begin: float, y: float) -> _Dot:
    x, low, high = (_place(side[key], begin) for key in ("f1", "f1_low", "f1_high"))
    return _Dot(x, low, high, y)


def _place(share: float, begin: float) -> float:
    wide = _WIDTH - _LEFT - 20
    return round(_LEFT + wide * (max(share, begin) - begin) / (1 - begin), 1)
