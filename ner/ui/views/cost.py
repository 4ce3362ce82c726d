"""What sides cost, as tab 'Tag' shows it: size on disk, time for a text, where the time goes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from ner import schema
from ner.comparing.timing import Latency, Timing
from ner.markup import macro, megabytes, milliseconds
from ner.stats import ratio_estimate
from ner.tagging.choice import Steps
from ner.tagging.tagger import OpenVinoTagger
from ner.ui.progress import Value


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar beside others: whose it is ('left', 'right' or ''), and its length in per cent."""

    key: str
    name: str
    written: str
    width: float


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who is timed: as the page names it, its side there ('' for a third one), and its tagger."""

    key: str
    name: str
    tagger: OpenVinoTagger


def meters(rows: Sequence[tuple[str, str, float, str]]) -> list[Meter]:
    """Bars on one scale from zero, from keys, names, values and how these are written."""
    longest = max((value for _, _, value, _ in rows), default=0.0) or 1.0
    return [
        Meter(key, name, written, round(100 * value / longest, 1))
        for key, name, value, written in rows
    ]


def size_meters(rows: Sequence[tuple[str, str, int]]) -> list[Meter]:
    """Sizes in bytes of the sides, by key and name."""
    return meters([(key, name, size, megabytes(size)) for key, name, size in rows])


@dataclass(frozen=True)
class Cost:
    """Rounds of timing made so far; ``part`` says which part of the text was timed, if not all.

    ``note`` is a sentence that explains the figures, where they need one.
    """

    contestants: tuple[Contestant, ...]
    rounds: tuple[tuple[Steps, ...], ...] = ()
    part: str = ""
    note: str = ""
    finished: bool = False

    def add(self, rounds: Sequence[tuple[Steps, ...]], *, finished: bool) -> Cost:
        """These and some more."""
        return replace(self, rounds=(*self.rounds, *rounds), finished=finished)

    @cached_property
    def latencies(self) -> tuple[Latency, ...]:
        """Of each contestant, from text to entities."""
        return tuple(
            Latency(tuple(steps.total for steps in series))
            for series in zip(*self.rounds, strict=True)
        )

    @property
    def timing(self) -> Timing:
        """The right side against the left one."""
        left, right, *_ = self.latencies
        return Timing(left, right)

    def value(self, ticket: str) -> Value:
        """The component's value: markup of two parts of the page, and the timing as data."""
        data = {"ticket": ticket, "timing": schema.timing_json(self.timing)}
        markup = macro("ner.ui", "cost.html", "times", self)
        return {"html": markup, "data": json.dumps(data, allow_nan=False)}

    @property
    def ratio(self) -> Ratio:
        """The right side against the left one."""
        return self._ratio(1, 0)

    @property
    def others(self) -> list[Ratio]:
        """The right side against those beside the two."""
        return [self._ratio(1, index) for index in range(2, len(self.contestants))]

    @property
    def meters(self) -> list[Meter]:
        """The medians."""
        return meters(
            [
                (who.key, who.name, latency.median_ms, milliseconds(latency.median_ms))
                for who, latency in zip(self.contestants, self.latencies, strict=True)
            ]
        )

    @property
    def steps(self) -> list[tuple[str, list[str]]]:
        """For each contestant medians of the steps, of all together, and the 95th percentile."""
        series = zip(*self.rounds, strict=True)
        return [
            (who.name, [milliseconds(time) for time in (*_medians(steps), *_summary(latency))])
            for who, steps, latency in zip(self.contestants, series, self.latencies, strict=True)
        ]

    def _ratio(self, fast: int, slow: int) -> Ratio:
        """How many times as fast one is as another."""
        one, other = self.latencies[fast], self.latencies[slow]
        ratio = ratio_estimate(other.samples_ms, one.samples_ms)
        return Ratio(
            ratio.value,
            ratio.range(1, 2) if ratio.known else "",
            ratio.known and 1.0 not in ratio,
            self.contestants[slow].name,
        )


def failed(sentence: str, ticket: str) -> Value:
    """The sentence of a failure in the place of times."""
    markup = macro("ner.ui", "cost.html", "failed", sentence)
    return {"html": markup, "data": json.dumps({"ticket": ticket})}


def _medians(steps: Sequence[Steps]) -> Iterator[float]:
    columns = zip(*((one.tokenize, one.infer, one.decode) for one in steps), strict=True)
    return map(median, columns)


def _summary(latency: Latency) -> tuple[float, float]:
    return latency.median_ms, latency.p95_ms


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast: the 95 % interval ('' while unknown), whether it leaves out 1."""

    value: float
    interval: str
    shown: bool
    against: str

    @property
    def written(self) -> str:
        """With one decimal; about 1 where no difference is shown."""
        return f"{self.value:.1f}×" if self.shown else "~1×"
