"""What is timed: texts of a length, texts one by one, files."""

from __future__ import annotations

import pytest

from ner.choosing.workloads import FILE, LONG_FILE, SHORT_FILE, SINGLES, files_of, long, text_of
from ner.models.open import Sides


@pytest.mark.parametrize("tokens", [4, 16, 33, 100])
def test_texts_have_the_length_asked_for(tiny_sides: Sides, texts: list[str], tokens: int) -> None:
    """Special tokens included."""
    tagger = tiny_sides.left.tagger

    assert tokens == tagger.model.count(text_of(tagger, texts, tokens))


def test_files_are_short_mixed_and_long(texts: list[str]) -> None:
    """Each has the texts asked for, or the words of so many; the mixed one is the file itself."""
    files = files_of(texts, 200)
    words = {
        name: sum(len(text.split()) for text in file) / len(file) for name, file in files.items()
    }

    assert files[FILE][: len(texts)] == texts
    assert len(files[FILE]) == len(files[SHORT_FILE]) == 200
    assert len(files[LONG_FILE]) == 10
    assert words[SHORT_FILE] < words[FILE] < 300 <= words[LONG_FILE]
    assert ["Ada met Bob."] == files_of(["Ada met Bob."], 1)[LONG_FILE]


def test_the_long_form_adds_lengths_and_files(tiny_sides: Sides, texts: list[str]) -> None:
    """Each with its passes; steps count the one that warms up."""
    tagger, count = tiny_sides.left.tagger, len(texts)
    found = long(texts, tagger, lengths=[8, 16], rounds=5, passes=6, file_texts=count)

    assert [SINGLES, "8 tokens", "16 tokens", FILE, SHORT_FILE, LONG_FILE] == [
        work.name for work in found
    ]
    assert [4 * count, 6, 6, 7, 7, 7] == [work.steps for work in found]
