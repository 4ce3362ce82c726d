"""What sides cost, as the page writes it: ratios that claim no more than was shown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes import DictionaryTagger

from ner.tagging.choice import Steps
from ner.ui.views.cost import Contestant, Cost, failed, meters

LEFT, RIGHT, THIRD = (
    Contestant(key, name, DictionaryTagger())
    for key, name in (("left", "A Original"), ("right", "B INT8"), ("", "A in BF16"))
)


def cost(*rounds: tuple[float, ...], contestants: tuple[Contestant, ...] = (LEFT, RIGHT)) -> Cost:
    """Rounds in which inference takes so many milliseconds."""
    steps = [tuple(Steps(1.0, time, 0.5) for time in times) for times in rounds]
    return Cost(contestants).add(steps, finished=True)


def test_bars_are_on_one_scale() -> None:
    """The longest takes all of the width."""
    bars = meters([("left", "A", 4.0, "4"), ("right", "B", 1.0, "1")])

    assert [100.0, 25.0] == [bar.width for bar in bars]


def test_a_note_stands_below_the_figures() -> None:
    """Where they need one."""
    noted = replace(cost((10.0, 4.0)), note="This CPU lacks <VNNI>.")

    assert "<br>This CPU lacks &lt;VNNI&gt;.</p>" in noted.value("")["html"]
    assert "<br>" not in cost((10.0, 4.0)).value("")["html"]


def test_no_bar_is_drawn_of_nothing() -> None:
    """Nothing is divided by zero."""
    assert [0.0] == [bar.width for bar in meters([("left", "A", 0.0, "0")])]


def test_a_shown_difference_has_its_ratio_and_interval() -> None:
    """From text to entities: (1 + 10 + 0.5) / (1 + 4 + 0.5) of the medians."""
    ratio = cost(*[(10.0, 4.0)] * 8).ratio

    assert ("2.1×", "2.09–2.09") == (ratio.written, ratio.interval)


@pytest.mark.parametrize("rounds", [[(10.0, 4.0)] * 3, [(10.0, 4.0), (4.0, 10.0)] * 4])
def test_what_is_not_shown_is_about_one(rounds: list[tuple[float, float]]) -> None:
    """Too few rounds, or an interval that contains 1."""
    assert "~1×" == cost(*rounds).ratio.written


def test_a_third_one_is_held_against_the_right_side() -> None:
    """As the original in BF16, which one would have without quantizing."""
    times = cost(*[(10.0, 4.0, 5.0)] * 8, contestants=(LEFT, RIGHT, THIRD))

    [other] = times.others
    assert ("1.2×", "A in BF16") == (other.written, other.against)
    assert "1.2× as fast as A in BF16" in times.value("3")["html"]


def test_steps_stand_in_a_row_for_each() -> None:
    """Medians of the three steps, of all together, and the 95th percentile."""
    rows = cost(*[(10.0, 4.0)] * 8).steps

    assert ("B INT8", ["1.00 ms", "4.00 ms", "0.50 ms", "5.50 ms", "5.50 ms"]) == rows[1]


def test_the_value_carries_ticket_and_timing() -> None:
    """The timing is of the two sides, as the API writes it."""
    data = json.loads(cost(*[(10.0, 4.0)] * 8).value("3")["data"])

    assert ("3", 8, 11.5) == (
        data["ticket"],
        data["timing"]["left"]["n"],
        data["timing"]["left"]["median_ms"],
    )


def test_a_failure_is_told_in_the_tile() -> None:
    """Escaped, with the ticket of its question."""
    value = failed("<b>busy", "3")

    assert "&lt;b&gt;busy" in value["html"]
    assert {"ticket": "3"} == json.loads(value["data"])
