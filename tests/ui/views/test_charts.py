"""Charts: on one scale, told apart without colour, whatever the values and names."""

from __future__ import annotations

import re

import pytest

from ner.stats import Interval
from ner.ui.views.charts import Bar, Dot, bar_chart, dot_chart, line_chart


def test_bars_share_one_scale() -> None:
    """The longest bar or whisker fills its row; the others are in proportion."""
    chart = bar_chart("Time", [Bar("a", 50.0, "50 ms", 100.0), Bar("b", 25.0, "25 ms")], "2 ×")

    assert ["50.0", "25.0"] == re.findall(r'<rect y="1" width="([0-9.]+)%"', chart)


def test_bars_of_nothing_are_drawn() -> None:
    """No division by zero when all values are zero, nor without any bar."""
    assert '"0.0%"' in bar_chart("Time", [Bar("a", 0.0, "0 ms")], "-")
    assert "<rect" not in bar_chart("Time", [], "-")


def dot(value: float, low: float, high: float) -> Dot:
    return Dot(value, Interval(low, high))


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


def test_lines_differ_without_colour() -> None:
    """By dashes and markers; axes have names and units; names are escaped."""
    chart = line_chart(
        "Latency <b>", "tokens", "ms", {"<i>": [(16, 1.5), (32, 3.0)], "two": [(16, 2), (32, 40)]}
    )

    assert "<b>" not in chart and "<i>" not in chart
    assert len(set(re.findall(r'stroke-dasharray="([^"]*)"', chart))) == 2
    assert "<circle" in chart and "<polygon" in chart
    assert ">tokens</text>" in chart and ">ms</text>" in chart


@pytest.mark.parametrize("points", [[(16.0, 5.0)], [(16.0, 5.0), (16.0, 5.0)], [(1.0, 1.0)]])
def test_a_chart_of_one_point_is_drawn(points: list[tuple[float, float]]) -> None:
    """A scale without extent divides by nothing."""
    assert "nan" not in line_chart("one", "x", "y", {"a": points}).lower()
