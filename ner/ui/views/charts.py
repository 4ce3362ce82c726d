"""Charts as SVG: geometry as plain values here, markup in ``templates/charts.html``.

Each chart has a name for those who can't see it, and its series differ by shape, not by colour
alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ner.markup import macro
from ner.stats import Estimate

_SHAPES = ("circle", "square", "diamond", "triangle")
_CORNERS = {
    "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
    "diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)),
    "triangle": ((0, -5), (5, 4), (-5, 4)),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a series, centred on ``x`` and ``y``."""

    shape: str
    x: float
    y: float

    @property
    def points(self) -> str:
        """Its corners, as SVG writes them; of a circle none."""
        corners = _CORNERS.get(self.shape, ())
        return " ".join(f"{round(self.x + dx, 1)},{round(self.y + dy, 1)}" for dx, dy in corners)


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on an axis."""

    place: float
    written: str


@dataclass(frozen=True, slots=True)
class _DotMark:
    """A dot, and where its interval begins and ends."""

    mark: Mark
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _DotRow:
    """A group: its name and its dots, in the height ``y``."""

    name: str
    y: int
    dots: tuple[_DotMark, ...]


# The width of a dot chart and of the names in it, and the height of a row.
_DOTS_WIDTH, _DOTS_LEFT, _ROW = 700, 130, 34


def dot_chart(
    title: str,
    axis: str,
    series: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Estimate]]],
    *,
    limit: float | None = None,
) -> Markup:
    """Shares on one scale up to 1: a row for each group, in it a dot for each of two series.

    The scale begins at the tenth below the lowest interval, and below ``limit``, the share that is
    asked for.
    """
    lows = [dot.low for _, dots in rows for dot in dots]
    lowest = min([*lows, *([] if limit is None else [limit])])
    begin = math.floor(10 * min(lowest, 0.9)) / 10
    ticks = [
        Tick(_dots_x(tenth / 10, begin), str(10 * tenth)) for tenth in range(round(10 * begin), 11)
    ]
    return draw(
        "dots",
        title,
        Tick(_dots_x((1 + begin) / 2, begin), axis),
        [(name, Mark(shape, 7, 7)) for name, shape in zip(series, _SHAPES, strict=False)],
        ticks,
        [
            _dot_row(name, dots, begin, _ROW * index + _ROW // 2)
            for index, (name, dots) in enumerate(rows)
        ],
        (_DOTS_WIDTH, _ROW * len(rows) + 34),
        None if limit is None else _dots_x(limit, begin),
    )


def _dots_x(share: float, begin: float) -> float:
    wide = _DOTS_WIDTH - _DOTS_LEFT - 20
    return round(_DOTS_LEFT + wide * (share - begin) / (1 - begin), 1)


def _dot_row(name: str, dots: Sequence[Estimate], begin: float, y: int) -> _DotRow:
    def place(share: float) -> float:
        return _dots_x(max(share, begin), begin)

    short = name if len(name) <= 18 else f"{name[:17]}…"
    marks = tuple(
        _DotMark(
            Mark(shape, place(dot.value), y + (6 * (2 * index - 1) if len(dots) > 1 else 0)),
            place(dot.low),
            place(dot.high),
        )
        for index, (dot, shape) in enumerate(zip(dots, _SHAPES, strict=False))
    )
    return _DotRow(short, y, marks)


@dataclass(frozen=True, slots=True)
class LogScale:
    """From values between ``low`` and ``high``, given as their logarithms, to places."""

    low: float
    high: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        """Where ``value``, above zero, is drawn."""
        share = (math.log10(value) - self.low) / max(self.high - self.low, 1e-9)
        return round(self.begin + share * (self.end - self.begin), 1)


def log_ticks(scale: LogScale) -> list[Tick]:
    """1, 2 and 5 of each power of ten that ``scale`` reaches."""
    values = (
        step * 10.0**power
        for power in range(math.floor(scale.low), math.ceil(scale.high) + 1)
        for step in (1, 2, 5)
    )
    low, high = scale.low - 1e-9, scale.high + 1e-9
    return [
        Tick(scale.place(value), f"{value:g}")
        for value in values
        if low <= math.log10(value) <= high
    ]


def draw(chart: str, *values: object) -> Markup:
    """One macro of ``templates/charts.html``, filled in."""
    return macro("ner.ui", "charts.html", chart, *values)
