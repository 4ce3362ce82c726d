"""What tab 'Judge' answers, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from fakes import FakeSides, gate_of, loader_of, service_of

from ner.errors import InputError
from ner.serving.admission import WAITING
from ner.serving.bounds import Bounds, SlotBounds
from ner.ui.judge import JudgeHandler
from ner.ui.views.judge import example_value

BOUNDS = Bounds()
# Left, right and device, as the page's pickers give them.
CHOSEN = ("bundled#original", "bundled#int8", "CPU")


def result(values: Iterator[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    """The last value: its markup, and its data."""
    *_, last = values
    return unescape(last["html"]), json.loads(last["data"]) if last["data"] else {}


def handler(sides: FakeSides | None = None) -> JudgeHandler:
    return JudgeHandler(loader_of(sides or FakeSides()), service_of())


def dealt(text: str, sides: FakeSides | None = None) -> tuple[str, dict[str, Any]]:
    return result(handler(sides).deal(text, *CHOSEN))


def answers(**told: object) -> str:
    return json.dumps(
        {"left": 0, "right": 0, "both": 0, "neither": 0, "cards": 9, "names": ["A", "B"], **told}
    )


def test_only_what_differs_is_dealt() -> None:
    """Paris is found by one side, Amazon labelled otherwise, Oslo found by the other."""
    html, data = dealt("Wolfgang in Paris\n\nAmazon in Berlin\nOslo 🙂 London")

    assert ["Wolfgang in Paris", "Amazon in Berlin", "Oslo 🙂 London"] == data["texts"]
    kinds = {(card["text"], card["kind"]) for card in data["cards"]}
    assert {(0, "only_left"), (1, "label"), (2, "only_right")} == kinds
    assert "3 differences in 3 texts" in html
    assert "on 3 entities the two agree" in html
    assert {"left": "Original", "right": "INT8"} == data["titles"]


def test_where_nothing_differs_there_is_nothing_to_judge() -> None:
    """With how much both found alike."""
    html, data = dealt("Wolfgang in Berlin")

    assert "Both find the same 2 entities: nothing to judge" in html
    assert {} == data


@pytest.mark.parametrize(
    ("text", "message"),
    [(" \n", "Paste lines of your own text"), ("x" * (BOUNDS.lines_characters + 1), "100,000")],
)
def test_what_cannot_be_dealt(text: str, message: str) -> None:
    """Nothing, or too much."""
    html, data = dealt(text)
    assert message in html
    assert {} == data


def test_one_side_alone_differs_from_nothing() -> None:
    """Where the other one is not served, it is said why."""
    html, data = dealt("Oslo", FakeSides(right=None, gate=gate_of(0.812, 250)))
    assert "not served" in html
    assert {} == data


def test_dealing_takes_a_place_among_long_work() -> None:
    """Who finds them taken is told to wait."""
    service = service_of(long=SlotBounds(1, 0, 0, 10.0))
    with service.long.slot():
        waiting, _ = JudgeHandler(loader_of(FakeSides()), service).deal("Oslo", *CHOSEN)
    assert WAITING in waiting["html"]


def test_the_standing_says_what_it_is_of() -> None:
    """Who is ahead, the change in errors, and that this is no F1."""
    html = unescape(handler().stand(answers(left=1, right=4, both=1))["html"])

    assert "B is ahead: it alone was right 4 times, A 1 time" in html
    assert "B makes 3 fewer errors than A" in html
    assert "the change in errors, not F1" in html
    assert 'class="verdict open"' in html


def test_what_is_settled_is_marked_so() -> None:
    """Eight of eight."""
    html = handler().stand(answers(right=8))["html"]
    assert 'class="verdict yes"' in html
    assert "That settles it" in html


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        answers(left=-1),
        answers(left=True),
        answers(left=1.5),
        answers(left=10),
        answers(cards=10**9, left=1),
        answers(names=["A"]),
        answers(names=7),
    ],
)
def test_answers_that_cannot_be_are_refused(told: str) -> None:
    """The page is the visitor's: what it counts is checked."""
    with pytest.raises(InputError, match="Find the differences again"):
        handler().stand(told)


def test_names_are_inert() -> None:
    """Also those that came back from the page."""
    html = handler().stand(answers(left=1, names=["<img src=x>", "B"]))["html"]
    assert "<img" not in html


def test_an_empty_tab_shows_an_example() -> None:
    """It can be tried, and says that it is none of the visitor's own."""
    value = example_value()
    assert "Example." in value["html"]
    assert json.loads(value["data"])["example"]
