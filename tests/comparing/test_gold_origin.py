"""Gold that began as a side's output says so, and the side that gains by it is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.gold_origin import origin_comment, origin_warning, parse_origin, read_origins
from ner.comparing.origin import Origin

SIDES = (Origin("Original", "bundled", "original"), Origin("INT8", "bundled", "int8"))
names = st.one_of(st.none(), st.from_regex(r"[\w:/.-]{1,20}#[\w-]{1,20}", fullmatch=True))


@given(st.lists(names, max_size=5))
def test_what_is_written_is_read_again(given_: list[str | None]) -> None:
    """As comments between CoNLL columns, also with the former count, and as keys of JSON lines."""
    comments = [origin_comment(name) for name in given_]
    expected = {name for name in given_ if name}

    assert expected == read_origins([line for one in comments for line in (one, "Ada\tB-PER", "")])
    assert expected == read_origins(f"{one}; changes = 3" for one in comments)
    assert expected == read_origins(json.dumps({"text": "A", "origin": name}) for name in given_)


@given(st.lists(st.text()))
def test_any_lines_can_be_asked(lines: list[str]) -> None:
    """What is no such line tells nothing; refusing it is for who reads gold."""
    assert isinstance(read_origins([*lines, "{", "[" * 100_000]), set)


@pytest.mark.parametrize("record", [[], None, {"origin": 3}, {"origin": "a b"}, {"origin": ["x"]}])
def test_spoilt_keys_count_as_none(record: object) -> None:
    """The browser's storage is the visitor's."""
    assert parse_origin(record) is None


def test_only_a_side_that_is_judged_is_warned_of() -> None:
    """Gold by hand, or begun as what is not judged here, favours nobody."""
    assert origin_warning([], SIDES) is origin_warning(["medical#int8"], SIDES) is None
    warning = origin_warning(["medical#int8", "bundled#int8"], SIDES)
    assert warning is not None
    assert warning.startswith("This gold began as the output of INT8:")
