"""Two sides timed in turns: samples in milliseconds, and how the two series compare."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle

import numpy as np

from ner.stats import Estimate, median_estimate, ratio_estimate
from ner.tagging.choice import Steps
from ner.tagging.tagger import OpenVinoTagger

# With fewer pairs an interval says nothing; more than this many are not needed for one text.
_FEWEST_PAIRS = 8
_MOST_PAIRS = 50


@dataclass(frozen=True)
class Latency:
    """Wall-clock times of one thing, in milliseconds, in the order in which they were taken.

    Each sample is a call that tags so many ``texts``.
    """

    samples_ms: tuple[float, ...]
    texts: int = 1

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

    @cached_property
    def ms(self) -> Estimate:
        """The median with its interval, in milliseconds."""
        return median_estimate(self.samples_ms)

    @property
    def rate(self) -> Estimate:
        """Texts a second in the median call."""
        texts, ms = 1000 * self.texts, self.ms
        return Estimate(texts / ms.value, texts / ms.high, texts / ms.low if ms.low else math.inf)

    def as_fast_as(self, other: Latency) -> Estimate:
        """How many times as fast as ``other``, next to whose samples these were taken."""
        return ratio_estimate(other.samples_ms, self.samples_ms)


@dataclass(frozen=True)
class Timing:
    """Two sides timed in turns on one input; sample i of one ran next to sample i of the other."""

    left: Latency
    right: Latency

    @cached_property
    def ratio(self) -> Estimate:
        """How many times faster the right side is: the left median over the right one."""
        return self.right.as_fast_as(self.left)


def time_in_turns(text: str, *sides: OpenVinoTagger, budget_ms: float) -> Timing:
    """Time both in rounds for about so long; with fewer than eight an interval says nothing."""
    rounds: list[tuple[Steps, ...]] = []
    deadline = time.perf_counter() + budget_ms / 1000
    for taken in time_rounds(text, sides):
        rounds.append(taken)
        over = len(rounds) >= _MOST_PAIRS or time.perf_counter() >= deadline
        if over and len(rounds) >= _FEWEST_PAIRS:
            break
    series = zip(*rounds, strict=True)
    return Timing(*(Latency(tuple(steps.total for steps in side)) for side in series))


def time_rounds(text: str, sides: Sequence[OpenVinoTagger]) -> Iterator[tuple[Steps, ...]]:
    """Endless rounds, each of which runs every side once; the next one begins with the next side.

    So none always runs on what another left in the caches. The times come in the order of
    ``sides``. Whoever asks decides when it is enough, and may let others run between two rounds.
    """
    places = range(len(sides))
    for first in cycle(places):
        times = {place: sides[place].time(text) for place in (*places[first:], *places[:first])}
        yield tuple(times[place] for place in places)
