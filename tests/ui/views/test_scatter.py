"""Size against time: points told apart without colour, labels that don't cover each other."""

from __future__ import annotations

import re
from dataclasses import replace

from ner.stats import Estimate
from ner.ui.views.scatter import Spot, scatter


def spot(name: str, x: float, y: float, *, answer: str = "yes") -> Spot:
    return Spot(
        value=f"bundled#{name}",
        name=name,
        what=f"{name}: {x} MB",
        x=x,
        y=Estimate(y, 0.95 * y, 1.05 * y),
        answer=answer,
        shade=0.5,
    )


SPOTS = [
    spot("original", 77.4, 2.3),
    spot("bf16", 77.4, 1.3),
    spot("weights", 19.9, 1.1),
    spot("int8", 20.0, 0.83, answer="undecided"),
    spot("small", 16.0, 0.84, answer="no"),
]


def draw(limits: tuple[float | None, float | None] = (None, None)) -> str:
    line = [(16.0, 0.84), (20.0, 0.83)]
    return scatter("Size and time", ("MB", "ms"), SPOTS, line, limits)


def test_each_point_is_a_button_that_says_what_it_is() -> None:
    """And what pressing it puts on side B."""
    chart = draw()

    assert [item.value for item in SPOTS] == re.findall(r'data-put="([^"]+)"', chart)
    assert 5 == chart.count('role="button" tabindex="0"')
    assert 'aria-label="int8: 20.0 MB"' in chart


def test_what_others_run_cannot_be_pressed() -> None:
    """It says what it is, and is drawn as a triangle."""
    peer = replace(spot("PyTorch", 77.4, 5.0, answer="peer"), value="")
    chart = scatter("Size and time", ("MB", "ms"), [*SPOTS, peer], [], (None, None))

    assert 5 == chart.count('role="button"') == chart.count("data-put=")
    assert 'role="img" aria-label="PyTorch: 77.4 MB"' in chart


def test_answers_differ_without_colour() -> None:
    """A circle fits, a diamond is open, a square does not fit."""
    chart = draw()

    assert 3 == chart.count('r="4.5"')
    assert 2 == chart.count("<polygon")


def test_labels_do_not_cover_each_other() -> None:
    """Though three of the points lie close together."""
    pattern = r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"><tspan class="name">(\w+)'
    boxes = []
    for x, y, anchor, name in re.findall(pattern, draw()):
        wide = 7 * len(name)
        left = float(x) - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        boxes.append((left, left + wide, float(y)))

    assert len(boxes) == len(SPOTS)
    for at, (left, right, y) in enumerate(boxes):
        for other_left, other_right, other_y in boxes[at + 1 :]:
            assert right <= other_left + 1 or other_right <= left + 1 or abs(y - other_y) >= 13


def test_limits_are_drawn_where_they_are_set() -> None:
    """A line and the ground beyond it, inside the picture though no point is near."""
    assert "beyond" not in draw()
    chart = draw((10.0, 5.0))

    assert 2 == chart.count('class="limit"')
    places = [float(place) for place in re.findall(r'class="limit" [xy]1="([\d.]+)"', chart)]
    assert all(56 <= place <= 544 for place in places)


def test_a_single_point_has_axes_and_no_line() -> None:
    """No scale of width zero; names are escaped."""
    chart = scatter("<b>", ("MB", "ms"), [spot("<i>", 20, 1)], [(20, 1)], (None, None))

    assert "<i>" not in chart and "<b>" not in chart
    assert 'class="frontier"' not in chart
    assert "nan" not in chart and "inf" not in chart


def test_an_unknown_time_has_a_whisker_within_the_picture() -> None:
    """With few texts the interval has no end."""
    unknown = Spot("x", ("x", ""), "x", 1, Estimate(1, 0.0, float("inf")), "undecided", 1.0)
    chart = scatter("t", ("MB", "ms"), [unknown], [], (None, None))
    [(low, high)] = re.findall(r'class="whisker" .*? y1="([\d.]+)" y2="([\d.]+)"', chart)

    assert (310.0, 14.0) == (float(low), float(high))
