"""What there is to choose from, measured: a candidate's size, time and agreement on the same texts.

A text is the unit of all figures: sample i of every candidate's ``latency`` and row i of its
``agreement`` are of text i, so that candidates can be compared in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.stats import Estimate, Row, f1_estimate, median_estimate


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

    @cached_property
    def time(self) -> Estimate:
        """Milliseconds for one text, the median over texts, which are resampled."""
        return median_estimate(self.latency.samples_ms)

    def agreement_at(self, level: float) -> Estimate:
        """F1 of its entities against the original's, its interval at ``level`` over texts.

        1.0 of the original, or if none are found.
        """
        if self.agreement is None:
            return Estimate(1.0, 1.0, 1.0)
        return f1_estimate(self.agreement, level=level, of_nothing=1.0)

    @property
    def entities(self) -> float:
        """How many entities it and the original found, on average of the two."""
        return sum(tp + (fp + fn) / 2 for tp, fp, fn in self.agreement or ())

    @cached_property
    def gold_f1(self) -> Estimate | None:
        """F1 against gold, resampling texts; None without gold."""
        return None if self.gold is None else f1_estimate(self.gold)
