"""CoNLL columns: every dialect is read, nothing malformed is, and what is written reads back."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import annotate_tokens
from hypothesis import given
from hypothesis import strategies as st

from files.samples import spelled, written
from ner.entities import Annotated, Entity, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.conll import conll_lines
from ner.files.gold import parse_gold, read_gold

tokens = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" "), min_size=1, max_size=6
)
ADA = "Ada\tB-PER\nLovelace\tI-PER\nsat\tO\n\nin\tO\nLondon\tB-LOC\n"
DIALECTS = {
    "plain": ADA,
    "blank lines at the end": ADA + "\n\n",
    "no last line end": ADA.rstrip("\n"),
    "CRLF": ADA.replace("\n", "\r\n"),
    "space": ADA.replace("\t", " "),
    "spaces": ADA.replace("\t", "   "),
    "four columns, tabs": ADA.replace("\t", "\tNNP\tx\t"),
    "four columns, spaces": ADA.replace("\t", " NNP x "),
    "blank line with white space": ADA.replace("\n\n", "\n \t\n"),
    "document start": "-DOCSTART- -X- O O\n\n" + ADA,
    "no blank lines": "-DOCSTART-\n" + ADA.replace("\n\n", "\n-DOCSTART-\tO\n"),
    "comments": "# Guidelines: names of people are PER.\n#\n\n# id = 1\n" + ADA,
    "UTF-8 mark": "\ufeff" + ADA,
    "UTF-16 little endian": ADA.encode("utf-16"),
    "UTF-16 big endian": ("\ufeff" + ADA).encode("utf-16-be"),
    "IOBES": ADA.replace("I-PER", "E-PER").replace("B-LOC", "S-LOC"),
    "IOB1": ADA.replace("B-", "I-"),
}


@pytest.mark.parametrize("content", DIALECTS.values(), ids=DIALECTS)
def test_conll_is_read_in_all_its_dialects(tmp_path: Path, content: str | bytes) -> None:
    """Two sentences, tokens joined by one space, whatever the layout, encoding or scheme."""
    first, second = read_gold(written(tmp_path, "gold.conll", content))

    assert first.tagged.text == "Ada Lovelace sat"
    assert first.tagged.entities == (Entity(0, 12, "PER"),)
    assert first.tokens == ("Ada", "Lovelace", "sat")
    assert second.tagged == Tagged("in London", (Entity(3, 9, "LOC"),))


@pytest.mark.parametrize(
    ("text", "label", "error"),
    [
        ("Ada", "Chemical Compound", InputError),
        ("Ada", "a\tb", InputError),
        ("Ada", "", InputError),
        ("a\tb", "PER", ValueError),
    ],
)
def test_what_would_not_be_read_back_is_not_written(
    text: str, label: str, error: type[Exception]
) -> None:
    """A label of several words, and a token that breaks columns; JSON lines take any."""
    gold = Annotated(Tagged(text, (Entity(0, 3, label),)), ((0, 3),))

    with pytest.raises(error, match="can't stand in"):
        list(conll_lines([gold]))


MALFORMED = {
    "no tag": ("Ada\tB-PER\nsat\n", r"gold\.conll, line 2: 'sat' is no token and tag"),
    "no token": ("Ada\tB-PER\n\tO\n", r"gold\.conll, line 2: .* is no token and tag"),
    "no prefix": ("Ada\tB-PER\nsat\tPER\n", r"line 2: tag 'PER' is neither O nor"),
    "no type": ("a O\nAda\tB-PER\nBo\tB-\n", r"line 3: tag 'B-' is neither"),
    "late comment": (
        "Ada O\n# not a comment inside a sentence\n",
        r"line 2: '# not a .*' is no token and tag",
    ),
    "no tokens": ("\n-DOCSTART- O\n\n", r"gold\.conll: there is no sentence"),
    "UTF-16 without a mark": ("Ada\tO\n".encode("utf-16-le"), r"line 1: a NUL character"),
    "UTF-32": ("Ada\tO\n".encode("utf-32"), r"NUL"),
}


@pytest.mark.parametrize(("content", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_conll_is_refused_with_its_line(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    """The message names file and line, and says what was found and expected."""
    with pytest.raises(FileFormatError, match=problem):
        read_gold(written(tmp_path, "gold.conll", content))


def test_a_token_may_hold_any_character_but_its_separator() -> None:
    """With tabs a token keeps its spaces and no-break spaces; nothing is normalized."""
    (gold,) = parse_gold(["New York\tB-LOC", "10\u00a0000\tO", "\u2028\tO"], "lines")

    assert gold.tokens == ("New York", "10\u00a0000", "\u2028")
    assert spelled(gold) == [("New York", "LOC")]


@given(st.lists(st.tuples(tokens, st.sampled_from(["O", "B-PER", "I-PER", "B-LOC"])), min_size=1))
def test_conll_lines_read_back_are_the_same(columns: list[tuple[str, str]]) -> None:
    """What is written is read as the same gold, a hash or an odd space as a token included."""
    gold = annotate_tokens(*zip(*columns, strict=True))

    assert parse_gold(conll_lines([gold, gold]), "lines") == [gold, gold]
