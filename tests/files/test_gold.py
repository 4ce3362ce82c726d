"""Gold in any format, and texts made into gold."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from hypothesis import given

from files.samples import BERLIN, spelled, tagged_texts, written
from ner.entities import Entity, Tagged
from ner.errors import FileFormatError
from ner.files import gold
from ner.files.encoding import text_lines
from ner.files.gold import (
    annotate,
    iter_bracketed,
    parse_gold,
    read_gold,
    repair_sentences,
    split_at,
)
from ner.files.json_lines import json_line


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


@pytest.mark.parametrize(
    "content",
    [
        "# guidelines, e.g. [Berlin](LOC)\nAda B-PER\nmet O\nBo O\nin O\nBerlin B-LOC\n",
        "-DOCSTART-\n\nAda B-PER\nmet O\nBo O\nin O\nBerlin B-LOC\n",
        json_line(BERLIN) + "\n\n",
        "\n[Ada](PER) met Bo in [Berlin](LOC)",
    ],
    ids=["CoNLL with comments", "CoNLL with documents", "JSON lines", "brackets"],
)
def test_the_format_of_gold_is_told_by_its_content(tmp_path: Path, content: str) -> None:
    """The same sentence in each format, from a file and from a pasted text."""
    (from_file,) = read_gold(written(tmp_path, "gold.conll", content))
    (pasted,) = parse_gold(text_lines(content.replace("\n", "\r\n")), "pasted text")

    assert from_file == pasted
    assert from_file.tagged == BERLIN


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "pasted text: there is no sentence in it; expected 'token<TAB>tag' lines, JSON"),
        ("Just a sentence.", "pasted text, line 1: 'Just a sentence.' is no token|tag 'sentence.'"),
        ('{"text": "a"', "pasted text, line 1: not a line of JSON"),
    ],
)
def test_what_is_no_gold_is_refused(content: str, problem: str) -> None:
    """Empty input, plain text and broken JSON are each told apart."""
    with pytest.raises(FileFormatError, match=problem):
        parse_gold(text_lines(content), "pasted text")


def test_pasted_surrogates_are_replaced() -> None:
    """A text from a browser may hold a lone surrogate, which no file in UTF-8 can."""
    (gold,) = parse_gold(["[Bo\ud800](PER)"], "pasted text")

    assert gold.tagged.text == "Bo\ufffd"


def test_bracketed_lines_are_gold_each() -> None:
    """One text to a line, with tokens for the parts that count tokens."""
    gold = list(iter_bracketed(["[Ada](PER) sat.", "", "No one."], "lines"))

    assert [one.tokens for one in gold] == [("Ada", "sat", "."), ("No", "one", ".")]
    assert spelled(gold[0]) == [("Ada", "PER")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a B-X", "b I-X", "c O"], []),
        (["a I-X", "b O"], ["Tags are IOB1, read as entities."]),
        (["[Berlin](LOC)"], []),
        (
            ["a B-X", "b O", "c I-X"],
            [
                "1 tags continue no entity and were read as the beginning of one, as conlleval "
                "does (lines 3)."
            ],
        ),
        (
            ["a S-X", *["b O", "c I-X"] * 1_001],
            [
                "Tags are IOBES, read as entities.",
                "1,001 tags continue no entity and were read as the beginning of one, as conlleval "
                "does (lines 3, 5, 7, 9, 11, 13, 15, 17, 19, 21 …).",
            ],
        ),
    ],
    ids=["BIO2", "IOB1", "brackets", "one repair", "IOBES, many repairs"],
)
def test_what_was_made_of_the_tags_is_said(lines: list[str], expected: list[str]) -> None:
    """The scheme where it is not BIO2, and the first of the lines that were repaired."""
    assert expected == repair_sentences(lines, "the gold")


def test_the_examples_run() -> None:
    """Those of the docstrings."""
    assert 0 == doctest.testmod(gold).failed
