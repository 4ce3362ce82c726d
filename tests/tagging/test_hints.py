"""Hints beside a result: said where they help, and nowhere else."""

from __future__ import annotations

import doctest

import pytest

from ner.tagging import hints
from ner.tagging.hints import find_hints


def test_lower_case_is_told_only_where_nothing_was_found() -> None:
    """Names that were found in it refute the hint."""
    [hint] = find_hints("my name is wolfgang", found=0)

    assert "no capital letters" in hint
    assert () == find_hints("my name is wolfgang", found=1)
    assert () == find_hints("My name is wolfgang", found=0)


def test_capitals_alone_are_told_whatever_was_found() -> None:
    """What is found in them is less sure: F1 is about a fifth lower."""
    text = "ADA LOVELACE MET WOLFGANG IN LONDON"
    for found in (0, 3):
        [hint] = find_hints(text, found=found)
        assert "all in capitals" in hint


@pytest.mark.parametrize("text", ["", "NASA", "IBM, NATO, EU, UN", "123 456", "!?", "Ada Lovelace"])
def test_short_texts_get_no_hint(text: str) -> None:
    """A list of abbreviations is written so."""
    assert () == find_hints(text, found=0)


def test_another_language_than_the_models_is_named() -> None:
    """With both, so that a reader can choose another model; not where the model's is unknown."""
    text = "Gestern hat die Firma in Berlin den Vertrag nicht unterschrieben."
    [hint] = find_hints(text, found=1)

    assert "German" in hint
    assert "English" in hint
    assert () == find_hints(text, found=1, language="German")
    assert () == find_hints(text, found=1, language=None)


def test_a_script_without_capitals_is_no_lower_case() -> None:
    """It has another hint."""
    [hint] = find_hints("習近平は東京を訪問した", found=0)

    assert "Chinese or Japanese script" in hint


def test_the_examples_run() -> None:
    """Those of the docstrings."""
    assert 0 == doctest.testmod(hints).failed
