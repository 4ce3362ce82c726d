"""What a measurement is: samples in milliseconds, and two interleaved series compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ner.stats import Interval, ratio_interval


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

    @property
    def ratio(self) -> float:
        """How many times faster the right side is: the left median over the right one."""
        return self.left.median_ms / self.right.median_ms

    @cached_property
    def interval(self) -> Interval:
        """The 95 % bootstrap interval of ``ratio``, resampling the pairs."""
        return ratio_interval(self.left.samples_ms, self.right.samples_ms)
