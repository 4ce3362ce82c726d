"""A chart of dots with intervals, as SVG: one row for each group, one dot in it for each series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ner.render import escape
from ner.stats import Interval

_LEFT, _WIDTH, _ROW = 130, 700, 34
_SHAPES = ("circle", "square")


@dataclass(frozen=True, slots=True)
class Dot:
    """A share in [0, 1] and its interval."""

    value: float
    interval: Interval


def dot_chart(
    title: str, axis: str, series: Sequence[str], rows: Sequence[tuple[str, Sequence[Dot]]]
) -> str:
    """Shares on one scale up to 1; the first two series differ in shape and fill, not only colour.

    The scale begins at the tenth below the lowest interval.
    """
    lowest = min(dot.interval.low for _, dots in rows for dot in dots)
    begin = math.floor(10 * min(lowest, 0.9)) / 10
    height = _ROW * len(rows) + 34
    drawn = "".join(
        _row(name, dots, begin, _ROW * index + _ROW // 2) for index, (name, dots) in enumerate(rows)
    )
    legend = "".join(
        f'<span><svg width="14" height="14" aria-hidden="true" class="{shape}">'
        f"{_mark(shape, 7, 7)}</svg>{escape(name)}</span>"
        for name, shape in zip(series, _SHAPES, strict=False)
    )
    return (
        f'<figure class="dots"><figcaption>{legend}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"{_axis(axis, begin, height)}{drawn}</svg></figure>"
    )


def _x(share: float, begin: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - 20) * (share - begin) / (1 - begin), 1)


def _axis(name: str, begin: float, height: int) -> str:
    lines = []
    for tenth in range(round(10 * begin), 11):
        x = _x(tenth / 10, begin)
        lines.append(
            f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height - 30}"/>'
            f'<text x="{x}" y="{height - 18}" text-anchor="middle">{10 * tenth}</text>'
        )
    middle = _x((1 + begin) / 2, begin)
    return (
        f"{''.join(lines)}"
        f'<text x="{middle}" y="{height - 3}" text-anchor="middle">{escape(name)}</text>'
    )


def _row(name: str, dots: Sequence[Dot], begin: float, y: int) -> str:
    short = name if len(name) <= 18 else f"{name[:17]}…"
    parts = [f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(short)}</text>']
    for index, (dot, shape) in enumerate(zip(dots, _SHAPES, strict=False)):
        at = y + (6 * (2 * index - 1) if len(dots) > 1 else 0)
        low, high = _x(max(dot.interval.low, begin), begin), _x(dot.interval.high, begin)
        parts.append(
            f'<g class="{shape}"><line x1="{low}" x2="{high}" y1="{at}" y2="{at}"/>'
            f"{_mark(shape, _x(max(dot.value, begin), begin), at)}</g>"
        )
    return "".join(parts)


def _mark(shape: str, x: float, y: float) -> str:
    if shape == "circle":
        return f'<circle cx="{x}" cy="{y}" r="4.5"/>'
    return f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8"/>'
