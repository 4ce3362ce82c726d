"""Size against time: a point for each recipe, with its agreement, and the line that nothing beats.

Geometry as plain values; the markup is in ``templates/charts.html``. Points differ by shape as well
as by shade, and each says what it stands for; those of recipes are buttons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ner.stats import Estimate
from ner.ui.views.charts import LogScale, Mark, Tick, draw, log_ticks

_SIZE = (560, 360)
# Where the axes begin and end.
_LEFT, _RIGHT, _TOP, _FLOOR = 56, 544, 14, 310
# The least that an axis spans, in powers of ten: there are two round numbers in it.
_SPAN = 0.8
# A letter of a label, its height, and how far it stands from its point.
_LETTER, _LINE, _GAP = 7, 14, 11
_SHAPES = {"yes": "circle", "undecided": "diamond", "no": "square", "peer": "triangle"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A recipe: where it stands (``x``, ``y`` over zero) and how far its ``y`` may be off.

    ``answer`` (``yes``, ``undecided``, ``no``, or ``peer`` for what others run) is its shape,
    ``shade`` in [0, 1] how dark it is. ``name`` is written beside it; ``what`` is said to those who
    can't see it. ``value`` is what pressing it puts on side B, "" where it can't be, and ``sides``
    are those that it is on now: "", "A", "B" or "AB".
    """

    value: str
    name: str
    what: str
    x: float
    y: Estimate
    answer: str
    shade: float
    chosen: bool = False
    sides: str = ""


@dataclass(frozen=True, slots=True)
class _Label:
    """A line of text at ``x``, on height ``y``."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: _Box) -> float:
        """The area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, wide) * max(0.0, high)

    @property
    def outside(self) -> float:
        """How far it sticks out of the picture."""
        sides = (_LEFT - self.left, self.right - _RIGHT, _TOP - self.top, self.bottom - _FLOOR)
        return sum(max(0.0, side) for side in sides)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A spot as it is drawn; ``low`` and ``high`` are the ends of its whisker."""

    spot: Spot
    mark: Mark
    low: float
    high: float
    label: _Label


def scatter(
    title: str,
    axes: tuple[str, str],
    spots: Sequence[Spot],
    line: Sequence[tuple[float, float]],
    limits: tuple[float | None, float | None],
) -> Markup:
    """The picture of at least one spot on logarithmic axes.

    ``axes`` are the names of x and y, ``line`` the points of the line, ``limits`` the most that is
    allowed on x and y.
    """
    across = _scale([spot.x for spot in spots], limits[0], _LEFT, _RIGHT)
    up = _scale([spot.y.value for spot in spots], limits[1], _FLOOR, _TOP)
    path = [f"{across.place(x)} {up.place(y)}" for x, y in line]
    return draw(
        "scatter",
        title,
        axes,
        log_ticks(across),
        log_ticks(up),
        "M" + "L".join(path) if len(path) > 1 else "",
        [
            None if limit is None else Tick(scale.place(limit), f"{limit:g}")
            for scale, limit in zip((across, up), limits, strict=True)
        ],
        _placed(spots, across, up),
        {"size": _SIZE, "left": _LEFT, "right": _RIGHT, "top": _TOP, "floor": _FLOOR},
    )


def _scale(values: Sequence[float], limit: float | None, begin: float, end: float) -> LogScale:
    """With a margin around all values, and around the limit where there is one."""
    shown = [*values, *([] if limit is None else [limit])]
    low, high = math.log10(min(shown)), math.log10(max(shown))
    margin = max(0.1, (_SPAN - (high - low)) / 2)
    return LogScale(low - margin, high + margin, begin, end)


def _placed(spots: Sequence[Spot], across: LogScale, up: LogScale) -> list[_Placed]:
    """Each spot with its label where that covers least of what stands already."""
    marks = [
        Mark(_SHAPES[spot.answer], across.place(spot.x), up.place(spot.y.value)) for spot in spots
    ]
    taken = [_Box(mark.x - 9, mark.y - 9, mark.x + 9, mark.y + 9) for mark in marks]
    placed = []
    for spot, mark in zip(spots, marks, strict=True):
        label, box = min(_labels(spot, mark), key=lambda item: _cost(item[1], taken))
        taken.append(box)
        low, high = (
            min(max(up.place(max(end, 1e-9)), _TOP), _FLOOR)
            for end in (spot.y.low, min(spot.y.high, 1e9))
        )
        placed.append(_Placed(spot, mark, low, high, label))
    return placed


def _cost(box: _Box, taken: Sequence[_Box]) -> float:
    return sum(box.overlap(other) for other in taken) + 100 * box.outside


def _labels(spot: Spot, mark: Mark) -> list[tuple[_Label, _Box]]:
    """The places that a label may have, the best first: beside its point, above or below it."""
    wide = _LETTER * (len(spot.name) + 2 * len(spot.sides))
    places = []
    for anchor, left in (
        ("start", mark.x + _GAP),
        ("end", mark.x - _GAP - wide),
        ("middle", mark.x - wide / 2),
    ):
        for top in (mark.y - _LINE / 2, mark.y - _GAP - _LINE, mark.y + _GAP):
            if anchor == "middle" and top == mark.y - _LINE / 2:
                continue
            x = {"start": left, "end": left + wide, "middle": mark.x}[anchor]
            box = _Box(left, top, left + wide, top + _LINE)
            places.append((_Label(round(x, 1), round(top + 11, 1), anchor), box))
    return places
