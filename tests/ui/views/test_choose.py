"""An answer of `choose` as the page shows it: verdict, picture, table, and what can be pressed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from choosing.samples import measured, rows

from ner.choosing.report import choice_json
from ner.choosing.rule import Limits, recommend
from ner.ui.views.choose import choice_value, recorded_choice

UNMADE = {"name": "bundled#int4", "title": "INT4 <b>", "advice": "Smallest."}
SIDES = ("original", "int8")


@pytest.fixture
def answer() -> dict[str, Any]:
    """Three recipes, of which INT8 is taken."""
    found = [
        measured("original", mb=77, ms=3),
        measured("weights", mb=20, ms=2, agreement=rows(200)),
        measured("int8", mb=20, ms=1, agreement=rows(200, wrong_every=50)),
    ]
    choice = recommend(found, Limits(max_mb=25, min_agreement=0.95))
    made = choice_json(choice, found, "your text")
    return {**made, "not_made": [UNMADE], "date": "2026-01-31", "command": "the command"}


def test_the_verdict_stands_first_and_says_what_was_asked(answer: dict[str, Any]) -> None:
    """The answer, then the limits and what it was measured on."""
    html = choice_value(answer, SIDES)["html"]

    assert html.index("Take INT8") < html.index("at most 25 MB, agreement of at least 95 %")
    assert "200 texts: your text" in html


def test_every_recipe_can_be_put_on_side_b(answer: dict[str, Any]) -> None:
    """By its point and by its row; the one that is there already can't."""
    html = choice_value(answer, SIDES)["html"]

    for name in ("original", "weights", "int8"):
        assert 2 == html.count(f'data-put="{name}"')
    assert re.search(r'data-put="int8"[^>]* disabled', html)
    assert not re.search(r'data-put="weights"[^>]* disabled', html)


def test_the_sides_are_marked_with_their_letters(answer: dict[str, Any]) -> None:
    """In the table and in the picture."""
    html = choice_value(answer, SIDES)["html"]

    assert '<span class="side">A</span>' in html
    assert '<span class="side right">B</span>' in html
    assert 'class="on-A"' in html and 'class="on-B"' in html


def test_what_is_not_made_can_be_made_here_and_not_in_a_record(answer: dict[str, Any]) -> None:
    """With about how long that takes; names are escaped."""
    html = choice_value(answer, SIDES)["html"]
    record = recorded_choice("choose-x.json", answer)

    assert 'data-make="bundled#int4">Make it' in html
    assert "INT4 <b>" not in html
    assert "data-make" not in record
    assert "2026-01-31" in record and "the command" in record


def test_peers_stand_beside_the_recipes_and_are_nothing_to_choose(answer: dict[str, Any]) -> None:
    """In picture and table, without a button."""
    peer = measured("pytorch", mb=77, ms=6, agreement=rows(200, wrong_every=100))
    original = measured("original", mb=77, ms=3)
    made = choice_json(recommend([original], Limits()), [original, peer], "your text")
    html = choice_value(made, SIDES)["html"]

    assert "PYTORCH, run by transformers: 77.0 MB" in html
    assert '<tr class="peer"><th scope="row">PYTORCH</th>' in html
    assert 'data-put="pytorch"' not in html
    assert "run by others" not in choice_value(answer, SIDES)["html"]


def test_the_download_is_the_answer(answer: dict[str, Any]) -> None:
    """Whole, as the command line gives it."""
    files = json.loads(choice_value(answer, SIDES)["data"])["files"]

    assert json.loads(json.dumps(answer)) == json.loads(files["choose.json"])


def test_gold_adds_a_column_and_a_series(answer: dict[str, Any]) -> None:
    """F1 against gold beside the agreement."""
    without = choice_value(answer, SIDES)["html"]
    for item in answer["contenders"]:
        item["gold"] = {"value": 0.8, "low": 0.7, "high": 0.9}
    html = choice_value(answer, SIDES)["html"]

    assert "F1 against gold" in html and "F1 against gold" not in without
    assert 3 == html.count("80.0 (70.0–90.0)")


def test_five_texts_are_shown_too() -> None:
    """Where nothing is known an interval has no end, and the picture stands all the same."""
    few = [measured("original", texts=5), measured("int8", agreement=rows(5))]
    answer = choice_json(recommend(few, Limits(max_ms=2)), few, "your text")
    html = choice_value(answer, SIDES)["html"]

    assert "more texts would prove it" in html
    assert "inf" not in html
