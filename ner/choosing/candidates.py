"""What there is to choose from, measured: a candidate's size, time and agreement on the same texts.

A text is the unit of all figures: sample i of every candidate's ``latency`` and row i of its
``agreement`` are of text i, so that candidates can be compared in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.counts import Counts
from ner.stats import Interval, Row, f1_interval, median_interval


@dataclass(frozen=True)
class Candidate:
    """One way to run a model, with what it costs and what it finds.

    ``origin`` names it, uniquely among those that are compared. ``latency`` has one sample a text,
    in milliseconds. ``agreement`` has one row of counts a text, the original's entities taken as
    gold; None of the original itself, which agrees by definition. ``gold`` is the same against
    gold, where there is any. ``memory_bytes`` is what a process of its own holds that tags the
    texts; ``withheld`` says why it is not served here, where it is not.
    """

    origin: Origin
    bytes_on_disk: int
    latency: Latency
    agreement: tuple[Row, ...] | None
    gold: tuple[Row, ...] | None = None
    memory_bytes: int | None = None
    withheld: str | None = None

    @property
    def name(self) -> str:
        """As the command line writes it: ``bundled#int8``."""
        return self.origin.name

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return self.origin.title

    @property
    def texts(self) -> int:
        """How many texts it was measured on."""
        return self.latency.n

    @property
    def median_ms(self) -> float:
        """Milliseconds for one text, the median over texts."""
        return self.latency.median_ms

    @cached_property
    def time_interval(self) -> Interval:
        """The 95 % interval of ``median_ms``, resampling texts."""
        return median_interval(self.latency.samples_ms)

    @cached_property
    def agreement_f1(self) -> float:
        """F1 of its entities against the original's; 1.0 of the original, or if none are found."""
        return 1.0 if self.agreement is None else _f1(self.agreement, of_nothing=1.0)

    def agreement_interval(self, level: float) -> Interval:
        """The interval of ``agreement_f1`` at ``level``, resampling texts."""
        if self.agreement is None:
            return Interval(1.0, 1.0)
        return f1_interval(self.agreement, level=level)

    @property
    def texts_with_entities(self) -> int:
        """Texts in which it or the original found an entity: only they can show a difference."""
        return sum(any(row) for row in self.agreement or ())

    @cached_property
    def gold_f1(self) -> float | None:
        """F1 against gold; None without gold."""
        return None if self.gold is None else _f1(self.gold, of_nothing=0.0)

    @cached_property
    def gold_interval(self) -> Interval | None:
        """The 95 % interval of ``gold_f1``, resampling texts."""
        return None if self.gold is None else f1_interval(self.gold)


def _f1(rows: Sequence[Row], *, of_nothing: float) -> float:
    tp, fp, fn = (sum(column) for column in zip(*rows, strict=True)) if rows else (0, 0, 0)
    total = Counts(int(tp), int(fp), int(fn))
    return total.f1 if total.found or total.support else of_nothing
