"""What is timed: texts one by one, texts of one length, and files of short and long texts.

All are made of the texts given, so that their lengths and words are those of a real file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from ner.tagging.tagger import OpenVinoTagger

SINGLES, FILE = "one by one", "file"
SHORT_FILE, LONG_FILE = "file of short texts", "file of long texts"

# An article's words: about 400 tokens, which a pipeline that stops at 512 reads whole too.
_ARTICLE_WORDS = 300
# An article has the words of so many ordinary texts; a file of articles is that much shorter.
_TEXTS_AN_ARTICLE = 20


@dataclass(frozen=True, slots=True)
class Workload:
    """``calls`` holds the texts of each call; each call is timed once in each of ``passes``."""

    name: str
    calls: tuple[tuple[str, ...], ...]
    passes: int

    @property
    def steps(self) -> int:
        """How many rounds it takes, those that warm up among them."""
        return len(self.calls) * (1 + self.passes)


def usual(texts: Sequence[str]) -> list[Workload]:
    """What ``choose`` times: the texts one by one, and all of them in one call."""
    return [
        Workload(SINGLES, tuple((text,) for text in texts), 3),
        Workload(FILE, (tuple(texts),), 6),
    ]


def long(
    texts: Sequence[str],
    tagger: OpenVinoTagger,
    *,
    lengths: Sequence[int],
    rounds: int,
    passes: int,
    file_texts: int,
) -> list[Workload]:
    """What ``bench`` times: single texts of each length in tokens too, and three files.

    Each length runs ``rounds`` times and each file ``passes`` times. ``tagger`` counts tokens;
    files have at least ``file_texts`` texts (see :func:`files_of`).
    """
    files = files_of(texts, file_texts)
    return [
        usual(texts)[0],
        *(
            Workload(f"{tokens} tokens", ((text_of(tagger, texts, tokens),),), rounds)
            for tokens in lengths
        ),
        *(Workload(name, (tuple(file),), passes) for name, file in files.items()),
    ]


def text_of(tagger: OpenVinoTagger, texts: Sequence[str], tokens: int) -> str:
    """A text that is exactly ``tokens`` long, special tokens included, made from ``texts``."""
    joined = " ".join(texts)
    enough = bisect_left(
        range(len(joined)), tokens, key=lambda size: tagger.model.count(joined[:size])
    )
    return joined[:enough]


def files_of(texts: Sequence[str], count: int) -> dict[str, list[str]]:
    """The files to be tagged, by name: at least ``count`` texts, or the words of so many.

    ``FILE`` is all of ``texts`` as they are, ``SHORT_FILE`` the shorter quarter of them, and
    ``LONG_FILE`` articles of several hundred words. Texts are repeated, since batches fill better
    then, as they do in files that take long.
    """
    count = max(len(texts), count)
    shorter = sorted(texts, key=len)[: max(1, len(texts) // 4)]
    files = {
        FILE: (texts, count),
        SHORT_FILE: (shorter, count),
        LONG_FILE: (_articles(texts), max(1, count // _TEXTS_AN_ARTICLE)),
    }
    return {name: list(islice(cycle(some), size)) for name, (some, size) in files.items()}


def _articles(texts: Sequence[str]) -> list[str]:
    """The words of ``texts`` in articles of one paragraph; the rest that fills none is left out."""
    words = " ".join(texts).split()
    whole = range(0, max(1, len(words) - _ARTICLE_WORDS + 1), _ARTICLE_WORDS)
    return [" ".join(words[begin : begin + _ARTICLE_WORDS]) for begin in whole]
