"""Bracketed text, both ways."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.samples import BERLIN, tagged_texts
from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.files import brackets
from ner.files.brackets import bracketed_text, parse_bracketed


@given(tagged=tagged_texts())
def test_bracketed_text_read_back_is_the_same(tagged: Tagged) -> None:
    """Brackets and backslashes of the text itself survive, line ends too."""
    assert parse_bracketed(bracketed_text(tagged)) == tagged


@given(text=st.text(st.sampled_from("ab[]()\\"), max_size=12))
def test_any_text_can_be_read_as_bracketed(text: str) -> None:
    """No text is an error; what marks nothing stays as it is."""
    tagged = parse_bracketed(text)

    if not tagged.entities and "\\" not in text:
        assert tagged.text == text


def test_bracketed_text_is_spelled_as_expected() -> None:
    """The mark-up that people write, and links, which are not entities."""
    marked = r"[Ada](PER) met Bo \[sic\] in [Berlin](LOC), see [here](https://x.example) [1]"

    tagged = parse_bracketed(marked)

    assert tagged.text == "Ada met Bo [sic] in Berlin, see [here](https://x.example) [1]"
    assert tagged.entities == (Entity(0, 3, "PER"), Entity(20, 26, "LOC"))
    assert bracketed_text(BERLIN) == "[Ada](PER) met Bo in [Berlin](LOC)"
    with pytest.raises(InputError, match="can't stand in brackets"):
        bracketed_text(Tagged("a", (Entity(0, 1, "A B"),)))


def test_the_examples_run() -> None:
    """Those of the docstrings."""
    assert 0 == doctest.testmod(brackets).failed
