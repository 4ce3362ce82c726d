"""What is timed."""

from __future__ import annotations

import pytest

from ner.measuring.contestants import text_of
from ner.models.opened import Sides


@pytest.mark.parametrize("tokens", [4, 16, 33, 100])
def test_texts_have_the_length_asked_for(tiny_sides: Sides, texts: list[str], tokens: int) -> None:
    """Special tokens included."""
    text = text_of(tiny_sides.left.tagger, texts, tokens)

    assert tiny_sides.left.tagger.model.count(text) == tokens
