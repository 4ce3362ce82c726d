"""The picture of size and time as SVG: places as plain values, markup in ``charts.html``.

It has a name for those who can't see it, and its points differ by shape, not by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ner.choosing.workloads import SINGLES
from ner.markup import macro
from ner.schema import Json, estimate_of

# Where the axes begin and end, and the size of the whole.
_FRAME = {"left": 52, "right": 548, "top": 12, "floor": 262, "width": 560, "height": 304}
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
        return cls(low - margin, high + margin, _FRAME[begin], _FRAME[end])

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


def scatter(answer: Json, sides: Mapping[str, str]) -> Markup:
    """Size and time of each contender of what `choose` answers, with whiskers, and the limits.

    ``sides`` are the variants on A and B; pressing a recipe puts it on side B.
    """
    items = answer["contenders"]
    sizes = [item["bytes_on_disk"] / 1e6 for item in items]
    times = [estimate_of(item["times"][SINGLES]["ms"]) for item in items]
    limits = answer["limits"]["max_mb"], answer["limits"]["max_ms"]
    across = Axis.over([*sizes, *filter(None, limits[:1])], "left", "right")
    up = Axis.over([*(ms.value for ms in times), *filter(None, limits[1:])], "floor", "top")
    placed: list[dict[str, Any]] = []
    for item, size, ms in zip(items, sizes, times, strict=True):
        reach = (ms.low, ms.high) if ms.known else (ms.value, ms.value)
        x, ys = across.place(size), [up.place(value) for value in (ms.value, *reach)]
        # With room for a letter.
        wide = _LETTER * (len(item["title"]) + 4)
        near = (it["ys"][0] for it in placed if abs(x - it["x"]) < wide)
        # Beside its point; above or below it where that of another point would be in the way.
        down = next((-12 if ys[0] < y else 20 for y in near if abs(ys[0] - y) < 18), 4)
        outside = x + wide > _FRAME["right"]
        placed.append(
            {"x": x, "ys": ys, "down": down, "outside": outside, "item": item, "ms": ms.text(1, 2)}
        )
    lines = [limit and axis.place(limit) for limit, axis in zip(limits, (across, up), strict=True)]
    values = (across, up, placed, lines, _FRAME, answer["chosen"], sides)
    return macro("ner.ui", "charts.html", "scatter", *values)
