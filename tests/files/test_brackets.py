"""Bracketed text is read as people write it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.samples import tagged_texts
from ner.entities import Entity, Tagged
from ner.errors import FileFormatError
from ner.files.brackets import parse_bracketed
from ner.files.gold import parse_gold
from ner.files.marked import Span


def bracketed(tagged: Tagged) -> str:
    """The text with its entities in brackets."""
    text = tagged.text
    borders = [0, *(place for e in tagged.entities for place in (e.start, e.end)), len(text)]
    parts = [re.sub(r"[\\\[\]]", r"\\\g<0>", text[start:end]) for start, end in pairwise(borders)]
    for index, entity in enumerate(tagged.entities):
        parts[2 * index + 1] = f"[{parts[2 * index + 1]}]({entity.label})"
    return "".join(parts)


@given(tagged=tagged_texts())
def test_bracketed_text_read_back_is_the_same(tagged: Tagged) -> None:
    """Brackets and backslashes of the text itself survive, line ends too."""
    spans = [Span(entity.start, entity.end, entity.label) for entity in tagged.entities]
    assert parse_bracketed(bracketed(tagged)) == (tagged.text, spans)


@given(text=st.text(st.sampled_from("ab[]()\\"), max_size=12))
def test_any_text_can_be_read_as_bracketed(text: str) -> None:
    """No text is an error; what marks nothing stays as it is."""
    read, spans = parse_bracketed(text)

    if not spans and "\\" not in text:
        assert read == text


@given(
    words=st.lists(st.sampled_from(["a", "I", "e-mail", "B", "O", "U-turn", "PER"])),
    lines=st.integers(1, 3),
)
def test_words_like_tags_make_no_columns(words: list[str], lines: int) -> None:
    """A text that is pasted is read by its brackets; without them it is no gold at all."""
    plain = " ".join(["J", "and", *words])
    marked = [plain.replace("J", "[J](PER)", 1)] * lines
    texts = [Tagged(plain, (Entity(0, 1, "PER"),))] * lines

    assert texts == [gold.tagged for gold in parse_gold(marked, "pasted text")]
    for text in (plain, " ".join(["I", plain])):
        with pytest.raises(FileFormatError, match="there is no sentence in it"):
            parse_gold([text] * lines, "pasted text")


def test_a_token_in_brackets_leaves_columns_columns() -> None:
    """Where tags of both kinds stand beside the tokens."""
    (gold,) = parse_gold(["[see](x.org) O", "Ada B-PER"], "pasted text")

    assert ("[see](x.org)", "Ada") == gold.tokens


def test_links_are_no_entities() -> None:
    """The mark-up that people write, links among it."""
    read = parse_bracketed(r"[Ada](PER) met Bo \[sic\], see [here](https://x.example) [1]")

    assert ("Ada met Bo [sic], see [here](https://x.example) [1]", [Span(0, 3, "PER")]) == read
