"""Charts as SVG: one geometry for all of them as plain values, markup in ``charts.html``.

Each chart has a name for those who can't see it, and its series differ by shape or dashes, not by
colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ner.markup import macro
from ner.stats import Estimate

# Where the axes of a chart begin and end, and its size.
_LEFT, _RIGHT, _TOP, _FLOOR = 52, 548, 12, 262
_SIZE = (560, 304)
_SHAPES = {"yes": "circle", "undecided": "diamond", "no": "square", "peer": "triangle"}
_CORNERS = {
    "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
    "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
    "triangle": ((0, -5), (5, 4), (-5, 4)),
}
# The least that a logarithmic axis spans, in powers of ten: there are two round numbers in it.
_SPAN = 0.8
# A letter of a name beside its point.
_LETTER = 7


@dataclass(frozen=True, slots=True)
class Scale:
    """From values between ``low`` and ``high`` to places; ``power`` where they are logarithms."""

    low: float
    high: float
    begin: float
    end: float
    power: bool = False

    def place(self, value: float) -> float:
        """Where ``value`` is drawn, within the axis."""
        at = math.log10(max(value, 1e-9)) if self.power else value
        share = (at - self.low) / max(self.high - self.low, 1e-9)
        return round(self.begin + min(max(share, 0), 1) * (self.end - self.begin), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and numbers: 1, 2 and 5 of each power of ten, or about five tenths."""
        if self.power:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
            shown = [it for it in values if self.low <= math.log10(it) <= self.high]
            return [(self.place(value), f"{value:g}") for value in shown]
        tenths = range(math.ceil(10 * self.low - 1e-9), math.floor(10 * self.high + 1e-9) + 1)
        return [(self.place(it / 10), f"{10 * it}") for it in tenths][
            :: 1 if len(tenths) < 7 else 2
        ]


def power_scale(values: Sequence[float], begin: float, end: float) -> Scale:
    """A logarithmic axis with a margin around all ``values``, which are over 0."""
    low, high = math.log10(min(values)), math.log10(max(values))
    margin = max(0.1, (_SPAN - (high - low)) / 2)
    return Scale(low - margin, high + margin, begin, end, power=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point, centred on ``x`` and ``y``."""

    shape: str
    x: float
    y: float

    @property
    def points(self) -> str:
        """Its corners, as SVG writes them; of a circle none."""
        corners = _CORNERS.get(self.shape, ())
        return " ".join(f"{round(self.x + dx, 1)},{round(self.y + dy, 1)}" for dx, dy in corners)


@dataclass(frozen=True, slots=True)
class Spot:
    """A contender: where it stands, its name, and what is said to those who can't see it.

    ``answer`` is its shape; pressing it puts ``value`` on side B, unless that is empty. ``sides``
    are the letters of the sides that it is on.
    """

    value: str
    name: str
    what: str
    x: float
    y: Estimate
    answer: str
    chosen: bool = False
    sides: str = ""


def scatter(
    title: str,
    axes: tuple[str, str],
    spots: Sequence[Spot],
    limits: tuple[float | None, float | None],
) -> Markup:
    """Points on two logarithmic axes, with whiskers, and the limits beyond which nothing fits."""
    across = power_scale([*(spot.x for spot in spots), *filter(None, limits[:1])], _LEFT, _RIGHT)
    up = power_scale([*(spot.y.value for spot in spots), *filter(None, limits[1:])], _FLOOR, _TOP)
    placed: list[tuple[Any, ...]] = []
    for spot in spots:
        mark = Mark(_SHAPES[spot.answer], across.place(spot.x), up.place(spot.y.value))
        wide = _LETTER * (len(spot.name) + 2 * len(spot.sides)) + 12
        right = mark.x + wide <= _RIGHT
        near = any(
            abs(mark.y - other.y) < 13 and abs(mark.x - other.x) < wide for _, other, *_ in placed
        )
        label = (
            mark.x + (10 if right else -10),
            mark.y + (-7 if near else 4),
            "start" if right else "end",
        )
        whisker = (up.place(spot.y.low), up.place(spot.y.high)) if spot.y.known else None
        placed.append((spot, mark, whisker, label))
    lines = [
        None if limit is None else scale.place(limit)
        for limit, scale in zip(limits, (across, up), strict=True)
    ]
    return _draw("scatter", title, axes, across, up, placed, lines)


def curves(title: str, axis: str, lines: Sequence[tuple[str, Callable[[float], float]]]) -> Markup:
    """Lines of shares over a threshold from 0 to 1, both axes in per cent."""
    steps = [step / 100 for step in range(101)]
    values = [[measure(step) for step in steps] for _, measure in lines]
    low = min(min(line[:90]) for line in values)
    across = Scale(0, 1, _LEFT, _RIGHT)
    up = Scale(min(0.9, math.floor(10 * low) / 10), 1, _FLOOR, _TOP)
    drawn = [
        (
            name,
            "M"
            + "L".join(
                f"{across.place(x)} {up.place(y)}" for x, y in zip(steps, line, strict=True)
            ),
        )
        for (name, _), line in zip(lines, values, strict=True)
    ]
    return _draw("curves", title, (axis, "per cent"), across, up, drawn)


def _draw(chart: str, *values: object) -> Markup:
    frame = {"left": _LEFT, "right": _RIGHT, "top": _TOP, "floor": _FLOOR, "size": _SIZE}
    return macro("ner.ui", "charts.html", chart, *values, frame)
