"""Where texts may be cut: paragraphs, list items, sentences."""

from __future__ import annotations

import textwrap
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.tagging.boundaries import paragraph_starts, sentence_starts

PROSE = (
    "The German chancellor met the president of the European Commission, Ursula von der Leyen, "
    "in Brussels on Monday. Both spoke to the press after the talks, which went on for hours and "
    "ended without a result. The Danish maker of medicines Novo Nordisk was not mentioned once."
)


def parts(text: str) -> list[str]:
    """The paragraphs of ``text``, without the spaces between them."""
    starts = [0, *paragraph_starts(text), len(text)]
    return [text[begin:end].strip() for begin, end in pairwise(starts)]


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, without the spaces between them."""
    starts = [0, *sentence_starts(text, 0, len(text)), len(text)]
    return [text[begin:end].strip() for begin, end in pairwise(starts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("Ada met Bob.", ["Ada met Bob."]),
        ("Ada\n\nBob", ["Ada", "Bob"]),
        ("Ada\r\n \t\r\nBob", ["Ada", "Bob"]),
        ("Ada\r\rBob", ["Ada", "Bob"]),
        ("Ada\fBob\u2029Cy", ["Ada", "Bob", "Cy"]),
        ("Ada\n* * *\nBob", ["Ada\n* * *", "Bob"]),
        ("\n\n  Ada", ["Ada"]),
        ("- Ada\n- Bob", ["- Ada", "- Bob"]),
        ("Guests:\n1. ada\n2) bob\n(3) cy\n• di\n## ed", None),
        ("Ursula\nvon der Leyen", ["Ursula\nvon der Leyen"]),
        ("- Ursula\n  von der Leyen\n- Novo", ["- Ursula\n  von der Leyen", "- Novo"]),
        ("Ursula von der Leyen\nNovo Nordisk\nBerlin", None),
        ("Merkel visits Novo Nordisk\n" + PROSE, None),
        (PROSE + "\n" + PROSE, None),
    ],
)
def test_paragraphs(text: str, expected: list[str] | None) -> None:
    """Blank lines, list marks and lines of a list part; None: each line is a paragraph."""
    assert (text.splitlines() if expected is None else expected) == parts(text)


@pytest.mark.parametrize("width", [35, 50, 72, 80, 100])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028"])
def test_hard_wrapped_text_is_one_paragraph(width: int, ending: str) -> None:
    """At any usual width and with any line ends, and its headline is another."""
    wrapped = ending.join(textwrap.wrap(PROSE, width))

    assert [wrapped] == parts(wrapped)
    assert ["Talks In Brussels", wrapped] == parts(f"Talks In Brussels{ending}{wrapped}")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ada left. Bob stayed.", 2),
        ("Ada left . Bob stayed .", 2),
        ('"Ada left." Bob stayed! Did Cy? (He did.) Good.', 5),
        ("Mr. Ada met Dr. Bob of Novo Nordisk Inc. Monday.", 1),
        ("J. R. R. Tolkien and George W. Bush", 1),
        ("The U.S. Army, i.e. America's", 1),
        ("Der 1. FC Köln", 1),
        ("It rose in 1996. Then it fell.", 2),
        ("Yahoo! said so. yes", 1),
        ("东京。大阪！", 2),
        ("example.com is 3.5 years old", 1),
    ],
)
def test_sentences(text: str, count: int) -> None:
    """Real ends part; abbreviations, initials, ordinals and lower case do not."""
    assert count == len(sentences(text))


@given(st.text(alphabet="aB.!? \n\r\f-1)(\u2029。\"'"))
def test_boundaries_part_any_text(text: str) -> None:
    """Inside it, in order, each once, and never between spaces and what follows them."""
    for starts in (paragraph_starts(text), sentence_starts(text, 0, len(text))):
        assert sorted(set(starts)) == starts
        assert all(0 < start < len(text) and not text[start].isspace() for start in starts)


@pytest.mark.parametrize("unit", ["\n", ".", "!", " ", "- a\n", "a. ", "A.\n", "(", ". "])
def test_a_million_characters_take_no_longer_for_what_they_are(unit: str) -> None:
    """Text that repeats is what makes a pattern quadratic; this would take hours then."""
    text = unit * (1_000_000 // len(unit))
    paragraph_starts(text)
    sentence_starts(text, 0, len(text))
