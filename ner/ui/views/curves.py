"""Scores over the threshold as small charts: geometry here, markup in ``curves.html``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ner.counts import Counts
from ner.evaluating.breakdown import Curve
from ner.markup import macro, percent

_SIZE = (300, 190)
# Where the axes begin and end.
_LEFT, _RIGHT, _TOP, _FLOOR = 34, 292, 10, 154
# Of the polyline that stands for a curve.
_STEPS = 120
_SIDES = ("a", "b")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Shares from ``low`` to 1 as places from ``begin`` to ``end``."""

    low: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        share = (max(value, self.low) - self.low) / (1 - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Tenths, no more than six of them, as places and values."""
        tenths = range(round(10 * self.low), 11)
        step = 1 if len(tenths) <= 6 else 2
        return [(self.place(tenth / 10), tenth / 10) for tenth in reversed(tenths)][::step]


@dataclass(frozen=True, slots=True)
class Line:
    """A side's line, and where it is best if the chart tells that."""

    side: str
    title: str
    path: str
    best: tuple[float, float] | None


def threshold_charts(titles: Sequence[str], curves: Sequence[Curve]) -> list[Markup]:
    """F1, precision and recall over the threshold, a line for each side; none without scores."""
    if all(curve.flat for curve in curves):
        return []
    lowest = min(curve.points[0].threshold for curve in curves if curve.points)
    across = _Scale(min(0.9, math.floor(10 * lowest) / 10), _LEFT, _RIGHT)
    measures: tuple[tuple[str, Callable[[Counts], float]], ...] = (
        ("F1", lambda counts: counts.f1),
        ("Precision", lambda counts: counts.precision),
        ("Recall", lambda counts: counts.recall),
    )
    return [_chart(name, measure, titles, curves, across) for name, measure in measures]


def _chart(
    name: str,
    measure: Callable[[Counts], float],
    titles: Sequence[str],
    curves: Sequence[Curve],
    across: _Scale,
) -> Markup:
    thresholds = [across.low + (1 - across.low) * step / _STEPS for step in range(_STEPS)]
    values = [[measure(curve.at(threshold)) for threshold in thresholds] for curve in curves]
    # From where most of the lines lie; recall falls to nothing at last.
    lowest = min(min(line[: _STEPS * 9 // 10]) for line in values)
    up = _Scale(min(0.9, math.floor(10 * lowest) / 10), _FLOOR, _TOP)
    lines = [
        Line(
            side,
            title,
            _path([(across.place(x), up.place(y)) for x, y in zip(thresholds, line, strict=True)]),
            (across.place(curve.best.threshold), up.place(curve.best.counts.f1))
            if name == "F1"
            else None,
        )
        for side, title, curve, line in zip(_SIDES, titles, curves, values, strict=False)
    ]
    frame = {"size": _SIZE, "left": _LEFT, "right": _RIGHT, "floor": _FLOOR}
    ticks = ([(at, f"{value:g}") for at, value in across.ticks], _per_cent(up))
    return macro("ner.ui", "curves.html", "curve", name, ticks, lines, frame)


def _per_cent(scale: _Scale) -> list[tuple[float, str]]:
    return [(at, f"{100 * value:.0f}") for at, value in scale.ticks]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def best_sentences(titles: Sequence[str], curves: Sequence[Curve]) -> list[str]:
    """For each side the threshold at which its F1 is highest, and what that gains over none."""
    return [_best(title, curve) for title, curve in zip(titles, curves, strict=True)]


def _best(title: str, curve: Curve) -> str:
    best, f1 = curve.best, curve.at(0.0).f1
    if best.threshold == 0:
        return f"{title} is best without a threshold: F1 {percent(f1)}."
    return (
        f"{title} is best at {best.threshold:g}: F1 {percent(best.counts.f1)}, without a threshold "
        f"{percent(f1)}."
    )
