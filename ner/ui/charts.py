"""The picture of size and time as SVG: places as plain values, markup in ``charts.html``.

It has a name for those who can't see it, and its points differ by shape, not by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ner.markup import macro

# Where the axes begin and end, and the size of the whole.
_FRAME = {"left": 52, "right": 548, "top": 12, "floor": 262, "size": (560, 304)}
# The least that an axis spans, in powers of ten: there are two round numbers in it.
_SPAN = 0.8
# A letter of a name beside its point.
_LETTER = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis: from values between two powers of ten to places."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], begin: str, end: str) -> Axis:
        """With a margin around all ``values``, which are over 0, from one edge to another."""
        low, high = math.log10(min(values)), math.log10(max(values))
        margin = max(0.1, (_SPAN - (high - low)) / 2)
        return cls(low - margin, high + margin, _FRAME[begin], _FRAME[end])  # type: ignore[arg-type]

    def place(self, value: float) -> float:
        """Where ``value`` is drawn, within the axis."""
        share = (math.log10(max(value, 1e-9)) - self.low) / (self.high - self.low)
        return round(self.begin + min(max(share, 0), 1) * (self.end - self.begin), 1)

    @property
    def ticks(self) -> Iterator[tuple[float, str]]:
        """Places and numbers: 1, 2 and 5 of each power of ten."""
        for power in range(math.floor(self.low), math.ceil(self.high) + 1):
            for value in (step * 10.0**power for step in (1, 2, 5)):
                if self.low <= math.log10(value) <= self.high:
                    yield self.place(value), f"{value:g}"


def scatter(
    title: str,
    axes: tuple[str, str],
    spots: Sequence[Mapping[str, Any]],
    limits: tuple[float | None, float | None],
) -> Markup:
    """Points on two logarithmic axes, with whiskers, and the limits beyond which nothing fits.

    A spot has ``x``, an estimate ``y``, a ``name``, ``what`` is said to those who can't see it, the
    ``answer`` that is its shape, the ``sides`` that it is on, whether it is ``chosen``, and the
    ``value`` that pressing it puts on side B (empty: it can't be pressed).
    """
    across = Axis.over([*(it["x"] for it in spots), *filter(None, limits[:1])], "left", "right")
    up = Axis.over([*(it["y"].value for it in spots), *filter(None, limits[1:])], "floor", "top")
    placed: list[dict[str, Any]] = []
    for spot in spots:
        x, y = across.place(spot["x"]), up.place(spot["y"].value)
        wide = _LETTER * (len(spot["name"]) + 2 * len(spot["sides"])) + 12
        near = any(
            abs(y - other["at"][1]) < 13 and abs(x - other["at"][0]) < wide for other in placed
        )
        whisker = map(up.place, (spot["y"].low, spot["y"].high)) if spot["y"].known else ()
        outside = x + wide > _FRAME["right"]  # type: ignore[operator]
        placed.append(
            {**spot, "at": (x, y), "whisker": list(whisker), "near": near, "outside": outside}
        )
    lines = [limit and axis.place(limit) for limit, axis in zip(limits, (across, up), strict=True)]
    return macro("ner.ui", "charts.html", "scatter", title, axes, across, up, placed, lines, _FRAME)
