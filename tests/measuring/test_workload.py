"""What is timed: texts of a length, streams, files."""

from __future__ import annotations

import random

import pytest

from ner.measuring.workload import FILE, FILES, LONG_FILE, SHORT_FILE, files_of, stream_of, text_of
from ner.models.open import Sides


@pytest.mark.parametrize("tokens", [4, 16, 33, 100])
def test_texts_have_the_length_asked_for(tiny_sides: Sides, texts: list[str], tokens: int) -> None:
    """Special tokens included."""
    text = text_of(tiny_sides.left.tagger, texts, tokens)

    assert tiny_sides.left.tagger.model.count(text) == tokens


def test_a_stream_has_all_texts_before_one_comes_again() -> None:
    """Different texts, in an order of their own."""
    texts = [str(number) for number in range(30)]
    rng = random.Random(0)  # noqa: S311 - not a secret
    stream, other = stream_of(texts, 70, rng), stream_of(texts, 70, rng)

    assert set(stream[:30]) == set(stream[30:60]) == set(texts)
    assert stream != other


def test_files_are_short_mixed_and_long(texts: list[str]) -> None:
    """Each has the texts asked for, or the words of so many; the mixed one is the file itself."""
    files = files_of(texts, 200)
    words = {
        name: sum(len(text.split()) for text in file) / len(file) for name, file in files.items()
    }

    assert tuple(files) == FILES
    assert files[FILE][: len(texts)] == texts
    assert len(files[FILE]) == len(files[SHORT_FILE]) == 200
    assert len(files[LONG_FILE]) == 10
    assert words[SHORT_FILE] < words[FILE] < 300 <= words[LONG_FILE]


def test_few_words_make_one_article() -> None:
    """A file that fills none is one article, whole."""
    assert files_of(["Ada met Bob."], 1)[LONG_FILE] == ["Ada met Bob."]
