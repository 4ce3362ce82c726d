"""Two sides of one text: what each finds, aligned, and what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ner.comparing.agreement import Agreement, align
from ner.comparing.timing import Latency, Timing
from ner.entities import Explained
from ner.tagging.tagger import OpenVinoTagger

# With fewer pairs an interval says nothing; more than this many are not needed for one text.
_FEWEST_PAIRS = 8


_MOST_PAIRS = 50


@dataclass(frozen=True)
class Comparison:
    """What both variants made of one text, and what that cost.

    ``int8`` is None where INT8 is not served; then there is no agreement and no timing.
    """

    original: Explained
    int8: Explained | None
    timing: Timing | None

    @property
    def agreement(self) -> Agreement | None:
        """Both results aligned."""
        return None if self.int8 is None else align(self.original.tagged, self.int8.tagged)


def _time_in_turns(
    original: OpenVinoTagger, int8: OpenVinoTagger, text: str, budget_ms: float
) -> Timing:
    """Alternate which one goes first, so that neither always runs on what the other left."""
    samples: tuple[list[float], list[float]] = ([], [])
    deadline = time.perf_counter() + budget_ms / 1000
    pair = 0
    while pair < _FEWEST_PAIRS or (pair < _MOST_PAIRS and time.perf_counter() < deadline):
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            begin = time.perf_counter()
            (original, int8)[side](text)
            samples[side].append((time.perf_counter() - begin) * 1000)
        pair += 1
    return Timing(Latency(tuple(samples[0])), Latency(tuple(samples[1])))
