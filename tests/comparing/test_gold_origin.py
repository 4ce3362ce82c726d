"""Gold that began as a side's output says so, and is not taken for a fair judge of that side."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.gold_origin import GoldOrigin, find_bias, parse_origin, read_origins
from ner.comparing.origin import Origin

SIDES = (Origin("Original", "bundled", "original"), Origin("INT8", "bundled", "int8"))
names = st.one_of(st.none(), st.from_regex(r"[\w:/.-]{1,20}#[\w-]{1,20}", fullmatch=True))
origins = st.builds(GoldOrigin, names, st.integers(0, 999))


@given(st.lists(origins, max_size=5))
def test_what_is_written_is_read_again(given_: list[GoldOrigin]) -> None:
    """As comments between CoNLL columns, and as keys of JSON lines."""
    columns = [line for origin in given_ for line in (origin.comment, "Ada\tB-PER", "")]
    lines = [json.dumps({"text": "Ada", "entities": [], **origin.keys}) for origin in given_]

    assert given_ == read_origins(columns)
    assert given_ == read_origins(lines)


def test_sentences_of_one_text_are_one_text() -> None:
    """Told by the text's number; another text has another number."""
    keys = GoldOrigin("bundled#int8", 2).keys
    lines = [json.dumps({**keys, "document": number}) for number in (1, 1, 2, 2, 2)]

    assert [GoldOrigin("bundled#int8", 2)] * 2 == read_origins(lines)


@given(st.lists(st.text()))
def test_any_lines_can_be_asked(lines: list[str]) -> None:
    """What is no such line tells nothing; refusing it is for who reads gold."""
    assert isinstance(read_origins(lines), list)


@pytest.mark.parametrize(
    "record",
    [[], None, {"origin": 3}, {"origin": "a b"}, {"origin": ["x"], "changes": True}],
)
def test_spoilt_keys_count_as_none(record: object) -> None:
    """The browser's storage is the visitor's."""
    assert GoldOrigin() == parse_origin(record)


def test_gold_of_others_is_no_bias() -> None:
    """By hand, or begun as what is not judged here."""
    assert find_bias([], SIDES) is None
    assert find_bias([GoldOrigin(), GoldOrigin("medical#int8", 0)], SIDES) is None


def test_a_sides_untouched_output_settles_nothing() -> None:
    """It would always be right."""
    bias = find_bias([GoldOrigin("bundled#int8")] * 3, SIDES)

    assert bias is not None
    assert bias.settles_nothing
    assert "output of INT8 itself" in bias.sentence


@pytest.mark.parametrize(
    ("given_", "begins"),
    [
        ([GoldOrigin("bundled#int8", 2)], "1 of 1 text began as the output of INT8, and 1 of them"),
        ([GoldOrigin("bundled#original"), GoldOrigin()], "1 of 2 texts began as the output of Ori"),
    ],
)
def test_corrected_output_is_warned_of(given_: list[GoldOrigin], begins: str) -> None:
    """Which side gains by it, how many texts, and how many of them were changed."""
    bias = find_bias(given_, SIDES)

    assert bias is not None
    assert not bias.settles_nothing
    assert bias.sentence.startswith(begins)
