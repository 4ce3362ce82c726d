"""What many texts do to a tagger, in a process of its own (``python -m ner.measuring.endurance``).

Memory that grows, time that grows faster than the texts, and entities that change in a batch.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from ner.entities import Entity, Tagged
from ner.measuring.process import answer, measure_in_process, open_contestant, read_input
from ner.models.recipes import Variant
from ner.tagging.tagger import OpenVinoTagger

_LONGEST = 300
_REPEATS = 5


@dataclass(frozen=True)
class Endurance:
    """What many texts do to INT8, in a process of its own.

    ``growth_bytes`` is how much more is resident after ``texts`` of random lengths than after a
    tenth of them, which warms up; ``tenfold`` the time for ten times the file over the file's;
    ``batch_equals_single`` the share of the file's texts whose entities are the same in a batch
    and alone.
    """

    texts: int
    growth_bytes: int
    tenfold: float
    batch_equals_single: float


def measure_endurance(variant: Variant, texts: Sequence[str], count: int) -> Endurance:
    """Tag ``count`` texts of random length, made of the words of ``texts``, in a new process."""
    return Endurance(**measure_in_process("endurance", variant, str(count), texts=texts))


def endure(tagger: OpenVinoTagger, texts: Sequence[str], count: int) -> Endurance:
    """The same with ``tagger``, in this process."""
    return Endurance(
        texts=count,
        growth_bytes=_growth_bytes(tagger, texts, count),
        tenfold=statistics.median(_tenfold(tagger, texts) for _ in range(_REPEATS)),
        batch_equals_single=_batch_equals_single(tagger, texts),
    )


def _growth_bytes(tagger: OpenVinoTagger, texts: Sequence[str], count: int) -> int:
    """How much more is resident after ``count`` texts than after a tenth of them."""
    words = " ".join(texts).split()
    rng = random.Random(0)  # noqa: S311 - not a secret
    resident: dict[int, int] = {}
    for number in range(count + 1):
        if number in (count // 10, count):
            resident[number] = psutil.Process().memory_info().rss
        begin = rng.randrange(len(words))
        tagger.tag_many([" ".join(words[begin : begin + rng.randint(1, _LONGEST)])])
    return resident[count] - resident[count // 10]


def _tenfold(tagger: OpenVinoTagger, texts: Sequence[str]) -> float:
    times = []
    for lines in (list(texts), list(texts) * 10):
        begin = time.perf_counter()
        tagger.tag_many(lines)
        times.append(time.perf_counter() - begin)
    return times[1] / times[0]


def _batch_equals_single(tagger: OpenVinoTagger, texts: Sequence[str]) -> float:
    together = tagger.tag_many(list(texts))
    alone = [tagger.tag_many([text])[0] for text in texts]
    return sum(map(_same, together, alone)) / len(texts)


def _same(left: Tagged, right: Tagged) -> bool:
    return [_span(entity) for entity in left.entities] == [
        _span(entity) for entity in right.entities
    ]


def _span(entity: Entity) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.label


def main(model: str, recipe: str, count: str) -> None:
    """The program: see :mod:`ner.measuring.process`."""
    answer(endure(open_contestant(model, recipe), read_input(), int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
