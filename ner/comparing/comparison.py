"""Two sides of one text: what each finds, aligned, and what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ner.comparing.agreement import Agreement, align
from ner.comparing.timing import Latency, Timing
from ner.entities import Explained, Tagger
from ner.tagging.tagger import clean

# With fewer pairs an interval says nothing; more than this many are not needed for one text.
_FEWEST_PAIRS = 8
_MOST_PAIRS = 50


@dataclass(frozen=True)
class Comparison:
    """What two sides made of one text, and what that cost.

    ``right`` is None where there is no such side; then there is no agreement and no timing.
    """

    left: Explained
    right: Explained | None
    timing: Timing | None

    @property
    def agreement(self) -> Agreement | None:
        """Both results aligned."""
        return None if self.right is None else align(self.left.tagged, self.right.tagged)


def compare(text: str, left: Tagger, right: Tagger | None, *, budget_ms: float = 0.0) -> Comparison:
    """Tag ``text`` with both sides, and time them in turns.

    Timing takes about ``budget_ms`` milliseconds, at least eight pairs of runs; with 0 nothing is
    timed. The tagging itself has warmed both up by then.
    """
    first = left.explain(text)
    second = None if right is None else right.explain(text)
    timing = None
    if right is not None and budget_ms > 0 and first.pieces:
        timing = time_in_turns(clean(text), left, right, budget_ms)
    return Comparison(first, second, timing)


def time_in_turns(text: str, left: Tagger, right: Tagger, budget_ms: float) -> Timing:
    """Alternate which side goes first, so that neither always runs on what the other left."""
    samples: tuple[list[float], list[float]] = ([], [])
    deadline = time.perf_counter() + budget_ms / 1000
    pair = 0
    while pair < _FEWEST_PAIRS or (pair < _MOST_PAIRS and time.perf_counter() < deadline):
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            begin = time.perf_counter()
            (left, right)[side](text)
            samples[side].append((time.perf_counter() - begin) * 1000)
        pair += 1
    return Timing(Latency(tuple(samples[0])), Latency(tuple(samples[1])))
