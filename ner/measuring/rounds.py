"""Timing in rounds: all that is compared runs once a round, in a new random order each time.

Whatever else the machine does then falls on all of it alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ner.comparing.timing import Latency
from ner.measuring.peak import seconds_of

Run = Callable[[], object]


@dataclass(frozen=True)
class BenchmarkStep:
    """``done`` of ``total`` steps; ``what`` is running."""

    done: int
    total: int
    what: str


class Stopped(Exception):
    """The run was stopped from outside before it was complete."""


@dataclass
class Rounds:
    """Runs what it is given in rounds, reports how far it is, and stops when asked to."""

    rng: random.Random
    report: Callable[[BenchmarkStep], None]
    stop: Callable[[], bool]
    total: int
    done: int = 0

    def interleave(self, rows: Mapping[str, Run], count: int, what: str) -> dict[str, Latency]:
        """Time each of ``rows`` in ``count`` rounds, in a new random order each round."""
        samples: dict[str, list[float]] = {name: [] for name in rows}
        order = list(rows)
        for _ in range(count):
            self.rng.shuffle(order)
            for name in order:
                samples[name].append(1000 * seconds_of(rows[name]))
            self.step(what)
        return {name: Latency(tuple(values)) for name, values in samples.items()}

    def step(self, what: str) -> None:
        """Count one step; raises ``Stopped`` when asked to stop."""
        if self.stop():
            raise Stopped
        self.done += 1
        self.report(BenchmarkStep(self.done, self.total, what))
