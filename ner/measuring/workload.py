"""What is timed: a text of a length, a stream of different texts, and files of short and long ones.

All are made of the texts given, so that their lengths and words are those of a real file.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import cycle, islice

from ner.measuring.rows import FILE
from ner.tagging.tagger import OpenVinoTagger

SHORT_FILE, LONG_FILE = "file of short texts", "file of long texts"
FILES = (FILE, SHORT_FILE, LONG_FILE)

# An article's words: about 400 tokens, which a pipeline that stops at 512 reads whole too.
_ARTICLE_WORDS = 300
# An article has the words of so many ordinary texts; a file of them is that much shorter.
_TEXTS_AN_ARTICLE = 20


def text_of(tagger: OpenVinoTagger, texts: Sequence[str], tokens: int) -> str:
    """A text that is exactly ``tokens`` long, special tokens included, made from ``texts``."""
    joined = " ".join(texts)
    low, high = 1, len(joined)
    while low < high:
        middle = (low + high) // 2
        if tagger.model.count(joined[:middle]) < tokens:
            low = middle + 1
        else:
            high = middle
    return joined[:low]


def stream_of(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """``count`` of the texts in random order, different ones as long as there are any.

    >>> stream_of(["Ada", "Bob"], 4, random.Random(0))
    ['Bob', 'Ada', 'Bob', 'Ada']
    """
    shuffled = rng.sample(texts, len(texts))
    return list(islice(cycle(shuffled), count))


def files_of(texts: Sequence[str], count: int) -> dict[str, list[str]]:
    """The files to be tagged, by name: at least ``count`` texts, or the words of so many.

    ``FILE`` is all of ``texts`` as they are, ``SHORT_FILE`` the shorter quarter of them, and
    ``LONG_FILE`` articles of several hundred words. Texts are repeated, since batches fill better
    then, as they do in files that take long.
    """
    count = max(len(texts), count)
    shorter = sorted(texts, key=len)[: max(1, len(texts) // 4)]
    return {
        FILE: _repeated(texts, count),
        SHORT_FILE: _repeated(shorter, count),
        LONG_FILE: _repeated(_articles(texts), max(1, count // _TEXTS_AN_ARTICLE)),
    }


def _repeated(texts: Sequence[str], count: int) -> list[str]:
    return list(islice(cycle(texts), count))


def _articles(texts: Sequence[str]) -> list[str]:
    """The words of ``texts`` in articles of one paragraph; the rest that fills none is left out."""
    words = " ".join(texts).split()
    whole = range(0, max(1, len(words) - _ARTICLE_WORDS + 1), _ARTICLE_WORDS)
    return [" ".join(words[begin : begin + _ARTICLE_WORDS]) for begin in whole]
