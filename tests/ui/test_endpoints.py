"""The endpoints: one text or a list of them, within bounds, and where the answers come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fakes import FakeSides, loader_of, service_of

from ner.errors import InputError, TextTooLong
from ner.ui.endpoints import Endpoints

ENDPOINTS = Endpoints(loader_of(FakeSides()), service_of())
TEXTS = ["Wolfgang in Berlin", "", "no name", "Ada Lovelace"]


def undated(answer: dict[str, object]) -> dict[str, object]:
    """An answer without the second at which it was given."""
    return {**answer, "provenance": {**answer["provenance"], "date": None}}


def test_a_list_gives_a_list_of_what_each_text_gives() -> None:
    """In its order, blank texts too; an empty list gives an empty one."""
    answers = ENDPOINTS.tag(TEXTS)

    assert [undated(ENDPOINTS.tag(text)) for text in TEXTS] == [undated(one) for one in answers]
    assert [] == ENDPOINTS.tag([])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["x"] * 101, InputError, "There are 101 texts; at most 100"),
        (["x" * 11_000] * 2, InputError, "22,000 characters together; at most 20,000"),
        (["x" * 20_001], TextTooLong, "20,000"),
        (["x", None], InputError, "Expected a text, got"),
        ([["x"]], InputError, "Expected a text, got"),
        ({"text": "x"}, InputError, "Expected a text, got"),
    ],
)
def test_a_list_has_bounds(given: object, error: type[Exception], message: str) -> None:
    """Those of one call, so that nobody is held up for longer."""
    with pytest.raises(error, match=message):
        ENDPOINTS.tag(given)


def test_answers_tell_where_they_come_from() -> None:
    """Model, recipe and weights of each side, the settings, versions, machine and date."""
    alone = ENDPOINTS.tag("Berlin", threshold=0.5)["provenance"]
    both = ENDPOINTS.compare("Berlin")["provenance"]

    assert ["int8"] == [side["recipe"] for side in alone["sides"]]
    assert ["original", "int8"] == [side["recipe"] for side in both["sides"]]
    assert 0.5 == alone["threshold"]
    assert {"weights", "model", "device"} <= set(alone["sides"][0])
    assert alone["date"].endswith("+00:00")


def test_labels_of_gold_are_given_other_names() -> None:
    """A refusal suggests the likely map; it is text, as on the command line."""
    gold = "[Berlin](GPE) in [2020](DATE)"
    with pytest.raises(InputError, match="--map DATE=,GPE=LOC"):
        ENDPOINTS.evaluate(gold)
    answer = ENDPOINTS.evaluate(gold, map="GPE=LOC,DATE=")

    assert ["LOC"] == [*answer["labels"]]
    assert 1.0 == answer["left"]["f1"]["value"]
    for wrong, message in (
        ({"GPE": "LOC"}, "The map is of type dict"),
        ("GPE", "not one old name"),
    ):
        with pytest.raises(InputError, match=message):
            ENDPOINTS.evaluate(gold, map=wrong)


@pytest.mark.parametrize("ask", [ENDPOINTS.tag, ENDPOINTS.compare])
def test_how_long_texts_are_read_is_chosen(ask: Callable[..., dict[str, Any]]) -> None:
    """Told in provenance; what is no reading is refused."""
    assert ["segments", "whole", "94"] == [
        ask("Berlin", reading=reading)["provenance"]["reading"]
        for reading in ("segments", "whole", 94)
    ]
    with pytest.raises(InputError, match="Choose segments, whole"):
        ask("Berlin", reading={})
