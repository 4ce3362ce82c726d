"""Texts cut into tokens and into parts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from files.samples import tagged_texts
from ner.entities import Entity, Tagged
from ner.files.tokens import annotate, split_at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. O'Hara_2, U.S.", ["Dr", ".", "O", "'", "Hara_2", ",", "U", ".", "S", "."]),
        ("दिल्ली में", ["दिल्ली", "में"]),
        ("cafe\u0301!", ["cafe\u0301", "!"]),
        (
            "a\U0001f469\u200d\U0001f467\U0001f44b\U0001f3fdb",
            ["a", "\U0001f469\u200d\U0001f467", "\U0001f44b\U0001f3fd", "b"],
        ),
        ("\tx\u2028y\x00z ", ["x", "y", "z"]),
        ("", []),
    ],
    ids=["punctuation", "Devanagari", "combining", "emoji", "separators", "empty"],
)
def test_text_is_cut_into_words_and_single_characters(text: str, expected: list[str]) -> None:
    """Letters run together with their marks; an emoji keeps what modifies it."""
    assert list(annotate(Tagged(text)).tokens) == expected


def test_words_are_cut_at_entity_borders_and_entities_trimmed() -> None:
    """'Berliner' with 'Berlin' marked is two tokens; white space at a span's edges is left out."""
    gold = annotate(Tagged("two Berliner ", (Entity(3, 10, "LOC"),)))

    assert gold.tokens == ("two", "Berlin", "er")
    assert gold.tagged.entities == (Entity(4, 10, "LOC"),)
    with pytest.raises(ValueError, match="token borders"):
        annotate(Tagged("a b", (Entity(1, 2, "LOC"),)))


@given(tagged=tagged_texts())
def test_tokens_cover_all_that_is_visible(tagged: Tagged) -> None:
    """Annotating changes neither text nor entities; tokens are in order and miss only spaces."""
    gold = annotate(tagged)

    covered = {i for start, end in gold.token_offsets for i in range(start, end)}
    assert gold.tagged == tagged
    assert [tagged.text[i] for i in range(len(tagged.text)) if i not in covered] == [
        char for char in tagged.text if char.isspace()
    ]
    assert sorted(gold.token_offsets) == list(gold.token_offsets)


def split_lines(tagged: Tagged) -> list[Tagged]:
    """Parted after each line."""
    return split_at(tagged, [match.end() for match in re.finditer(r"\r\n?|\n", tagged.text)])


def test_lines_become_texts_of_their_own() -> None:
    """Offsets count from each line; blank lines vanish; an entity across lines joins them.

    A line end at an entity's edge is left out of it.
    """
    text = "Ada \U0001f600\r\n\r\nmet Bo\nin New\nYork"
    places = {"Ada": "PER", "Bo\n": "PER", "New\nYork": "LOC"}
    tagged = Tagged(
        text,
        tuple(
            Entity(text.index(name), text.index(name) + len(name), label)
            for name, label in places.items()
        ),
    )

    assert split_lines(tagged) == [
        Tagged("Ada \U0001f600", (Entity(0, 3, "PER"),)),
        Tagged("met Bo", (Entity(4, 6, "PER"),)),
        Tagged("in New\nYork", (Entity(3, 11, "LOC"),)),
    ]


@given(tagged=tagged_texts())
def test_splitting_lines_loses_no_entity(tagged: Tagged) -> None:
    """Each entity is in one line's text, spelled as before."""
    lines = split_lines(tagged)

    assert [line.spelled(e) for line in lines for e in line.entities] == [
        tagged.spelled(e) for e in tagged.entities
    ]
