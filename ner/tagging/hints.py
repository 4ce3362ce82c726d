"""What a reader should know of a text before trusting what was found in it."""

from __future__ import annotations

import re

from ner.tagging.language import ENGLISH, guess_language

# A heading or a list of abbreviations may well be all in capitals.
_SHOUTED_WORDS = 5
_NO_CAPITALS = (
    "The text has no capital letters, and no names were found in it. Names are easier to find "
    "where they begin with a capital."
)
_ALL_CAPITALS = (
    "The text is all in capitals, so names don't stand out from other words: expect more mistakes "
    "than usual, and write it in mixed case if you can."
)


def find_hints(text: str, *, found: int, language: str | None = ENGLISH) -> tuple[str, ...]:
    """Sentences on the case and the language of ``text``; mostly none.

    ``found`` is how many entities were found in it. ``language`` is the one that the model was made
    for, None where that is not known: then nothing is said of the text's.

    >>> find_hints("ada lovelace lived in london", found=2)
    ()
    """
    hints = []
    if not found and text == text.lower() != text.upper():
        hints.append(_NO_CAPITALS)
    if _is_shouted(text):
        hints.append(_ALL_CAPITALS)
    guessed = guess_language(text) if language is not None else None
    if guessed not in (None, language):
        hints.append(
            f"The text seems to be in {guessed}. This model was made for {language}: expect missed "
            "and wrong names."
        )
    return tuple(hints)


def _is_shouted(text: str) -> bool:
    """Whether several words in a row of capitals are all there is."""
    return (
        text == text.upper()
        and len(re.findall(r"[^\W\d_]{2,}", text)) >= _SHOUTED_WORDS
        and (text != text.lower())
    )
