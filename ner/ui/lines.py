"""A chart of lines over a logarithmic axis, as SVG, told apart without colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ner.render import escape

_WIDTH, _HEIGHT = 620, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 44
# Dash pattern and marker of each line: readable in grey and by the colour-blind.
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_MARKS = ("circle", "square", "diamond", "triangle")

Points = Sequence[tuple[float, float]]


def line_chart(title: str, x_axis: str, y_axis: str, series: Mapping[str, Points]) -> str:
    """Lines through points ``(x, y)``, both above zero, on logarithmic axes; at most four lines."""
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    scale = _Scale(math.log10(xs[0]), math.log10(xs[-1]), low, max(high, low + 1))
    drawn = "".join(
        _line(scale, points, index) for index, points in enumerate(list(series.values())[:4])
    )
    legend = "".join(
        f'<span><svg class="line-{index}" width="34" height="12" aria-hidden="true">'
        f'<path d="M2 6H32" stroke-dasharray="{_DASHES[index]}"/>{_mark(_MARKS[index], 17, 6)}'
        f"</svg>{escape(name)}</span>"
        for index, name in enumerate(list(series)[:4])
    )
    return (
        f'<figure class="lines"><figcaption><strong>{escape(title)}</strong>{legend}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{_axes(scale, xs, x_axis, y_axis)}{drawn}</svg></figure>"
    )


class _Scale:
    """From logarithms of values to places in the picture."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self._left, self._wide = left, max(right - left, 1e-9)
        self.low, self.high = low, high

    def x(self, value: float) -> float:
        share = (math.log10(value) - self._left) / self._wide
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _axes(scale: _Scale, xs: Sequence[float], x_axis: str, y_axis: str) -> str:
    floor = _HEIGHT - _BOTTOM
    parts = [
        f'<text x="{scale.x(x)}" y="{floor + 16}" text-anchor="middle">{x:g}</text>' for x in xs
    ]
    for power in range(int(scale.low), int(scale.high) + 1):
        for value in (10.0**power, 2 * 10.0**power, 5 * 10.0**power):
            if math.log10(value) <= scale.high + 1e-9:
                y = scale.y(value)
                parts.append(
                    f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
                    f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>'
                )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_axis)}</text>'
        f'<text transform="translate(12 {floor / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_axis)}</text>"
    )
    return "".join(parts)


def _line(scale: _Scale, points: Points, index: int) -> str:
    places = [(scale.x(x), scale.y(y)) for x, y in points]
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    marks = "".join(_mark(_MARKS[index], x, y) for x, y in places)
    dashes = _DASHES[index]
    return f'<g class="line-{index}"><path d="{path}" stroke-dasharray="{dashes}"/>{marks}</g>'


def _mark(shape: str, x: float, y: float) -> str:
    if shape == "circle":
        return f'<circle cx="{x}" cy="{y}" r="4"/>'
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -5), (5, 0), (0, 5), (-5, 0)),
        "triangle": ((0, -5), (5, 4), (-5, 4)),
    }[shape]
    return f'<polygon points="{" ".join(f"{x + dx},{y + dy}" for dx, dy in corners)}"/>'
