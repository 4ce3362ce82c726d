"""Charts: on one scale, told apart without colour, whatever the values and names."""

from __future__ import annotations

import re

from ner.stats import Estimate
from ner.ui.views.charts import dot_chart


def dot(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high)


def test_dots_share_one_scale_that_begins_below_the_lowest_interval() -> None:
    """The grid goes from the tenth below to 100, and an interval ends where its numbers are."""
    rows = [("all", [dot(0.9, 0.75, 1.0), dot(0.8, 0.7, 0.9)])]

    chart = dot_chart("F1", "F1 in per cent", ["Original", "INT8"], rows)

    grid = re.findall(r'class="grid" x1="([0-9.]+)"', chart)
    assert ["70", "80", "90", "100"] == re.findall(r'middle">([0-9]+)</text>', chart)
    assert [(grid[0], grid[2])] == re.findall(
        r'<g class="square"><line x1="([0-9.]+)" x2="([0-9.]+)"', chart
    )


def test_dots_differ_without_colour() -> None:
    """By shape and by height, in the chart and in its legend; names are escaped."""
    rows = [("<b>", [dot(0.9, 0.8, 1.0), dot(0.9, 0.8, 1.0)])]

    chart = dot_chart("F1", "share", ["<i>", "two"], rows)

    assert "<b>" not in chart and "<i>" not in chart
    assert (2, 2) == (chart.count("<circle"), chart.count("<polygon"))
    assert 2 == len(set(re.findall(r'<g class="[a-z]+"><line [^>]*y1="([0-9.]+)"', chart)))
    assert 'role="img" aria-label="F1"' in chart
