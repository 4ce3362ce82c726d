"""Ratios of rows."""

from __future__ import annotations

from ner.comparing.timing import Latency
from ner.measuring.rows import INT8, LatencyRow, ratios_of
from ner.stats import NO_DIFFERENCE


def test_equal_series_show_no_difference() -> None:
    """The verdict of a thing against itself."""
    same = tuple(1.0 + 0.01 * (index % 3) for index in range(30))
    rows = [LatencyRow(name, 32, Latency(same)) for name in (INT8, "INT8 again")]
    [ratio] = ratios_of(rows, [], []).values()

    assert ratio.verdict == NO_DIFFERENCE
