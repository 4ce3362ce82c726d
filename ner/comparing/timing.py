"""Two sides timed in turns: samples in milliseconds, and how the two series compare."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ner.stats import Estimate, ratio_estimate
from ner.tagging.choice import Steps
from ner.tagging.tagger import OpenVinoTagger

# With fewer pairs an interval says nothing; more than this many are not needed for one text.
_FEWEST_PAIRS = 8
_MOST_PAIRS = 50


@dataclass(frozen=True, slots=True)
class Latency:
    """Raw wall-clock times of one thing, in milliseconds, in the order in which they were taken."""

    samples_ms: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.samples_ms:
            raise ValueError("a latency needs at least one sample")

    @property
    def n(self) -> int:
        """How many runs were timed."""
        return len(self.samples_ms)

    @property
    def median_ms(self) -> float:
        """The 50th percentile, in milliseconds."""
        return float(np.median(self.samples_ms))

    @property
    def p95_ms(self) -> float:
        """The 95th percentile (linear interpolation), in milliseconds."""
        return float(np.percentile(self.samples_ms, 95))


@dataclass(frozen=True)
class Timing:
    """Two sides timed in turns on one input; sample i of one ran next to sample i of the other."""

    left: Latency
    right: Latency

    @cached_property
    def ratio(self) -> Estimate:
        """How many times faster the right side is: the left median over the right one."""
        return ratio_estimate(self.left.samples_ms, self.right.samples_ms)


def time_in_turns(
    text: str, left: OpenVinoTagger, right: OpenVinoTagger, budget_ms: float
) -> Timing:
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


def time_rounds(text: str, sides: Sequence[OpenVinoTagger]) -> Iterator[tuple[Steps, ...]]:
    """Endless rounds, each of which runs every side once; the next one begins with the next side.

    The times come in the order of ``sides``. Whoever asks decides when it is enough, and may let
    others run between two rounds.
    """
    count = len(sides)
    first = 0
    while True:
        order = [(first + step) % count for step in range(count)]
        times = {index: sides[index].time(text) for index in order}
        yield tuple(times[index] for index in range(count))
        first = (first + 1) % count
