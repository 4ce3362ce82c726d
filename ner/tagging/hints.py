"""What a reader should know of a text before trusting what was found in it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

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
_OTHER_LANGUAGE = (
    "The text seems to be in {}. This model was made for English: expect missed and wrong names."
)

# The languages that are named; the detector knows 97, of which the small ones are rarely right.
_LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
# Less is no sentence. In UTF-8, so that a few words of another script are enough.
_FEWEST_BYTES = 30
# One in 500 English sentences is taken for another language with these.
_SURE = 0.98
# Longer texts are judged by their beginning.
_CHARACTERS = 10_000


def find_hints(text: str, *, found: int) -> tuple[str, ...]:
    """Sentences on the case and the language of ``text``; mostly none.

    ``found`` is how many entities were found in it.

    >>> find_hints("ada lovelace lived in london", found=2)
    ()
    """
    hints = []
    if not found and text == text.lower() != text.upper():
        hints.append(_NO_CAPITALS)
    words = re.findall(r"[^\W\d_]{2,}", text)
    if text == text.upper() != text.lower() and len(words) >= _SHOUTED_WORDS:
        hints.append(_ALL_CAPITALS)
    if (language := foreign_language(text)) is not None:
        hints.append(_OTHER_LANGUAGE.format(language))
    return tuple(hints)


def foreign_language(text: str) -> str | None:
    """The language of ``text`` where that is surely not English, else None.

    Words with a capital are not asked about unless all have one: most are names, which English
    text has from everywhere.

    >>> foreign_language("Der Vertrag wurde gestern von der Firma nicht unterschrieben.")
    'German'
    >>> foreign_language("Vincent van den Berg; Maria de la Cruz; Ludwig von der Heide") is None
    True
    """
    text = text[:_CHARACTERS]
    words = re.findall(r"[^\W\d_]+", text)
    if text != text.upper():
        words = [word for word in words if not word[0].isupper()]
    asked = " ".join(words).lower()
    if len(asked.encode()) < _FEWEST_BYTES:
        return None
    code, probability = _detector().classify(asked)
    return _LANGUAGES.get(code) if probability > _SURE else None


@cache
def _detector() -> LanguageIdentifier:
    """Loaded when it is first needed: 11 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)
