"""Which recipe to take: the fastest that surely fits; where times tie, the one that agrees most.

A limit on time or agreement is met only if the whole interval meets it; otherwise a bad recipe
would pass by chance, more often the more recipes are tried. So the interval of an agreement is at
1 − 5 %/k for k recipes (Bonferroni). Two times tie where the interval of their ratio, paired by
text, includes 1. Size is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ner.choosing.measure import Measured
from ner.stats import FEWEST_UNITS, Estimate
from ner.verdict import MIN_AGREEMENT, Answer, check_limit, fewest, gravest, round_up, settle

# The chance, for all recipes together, of taking one whose agreement is under the limit.
RISK = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """The most milliseconds for a text (median), the most MB on disk, the least agreement.

    ``min_agreement`` is a fraction, F1 against the original's entities; None asks for nothing.
    Raises ``InputError`` for what can't be a limit.
    """

    max_ms: float | None = None
    max_mb: float | None = None
    min_agreement: float | None = MIN_AGREEMENT

    def __post_init__(self) -> None:
        check_limit("max_ms", self.max_ms, math.inf, "5")
        check_limit("max_mb", self.max_mb, math.inf, "50")
        # No number of texts shows that two always agree.
        check_limit("min_agreement", self.min_agreement, 1, "0.98 for 98 %")


@dataclass(frozen=True, slots=True)
class Check:
    """How a limit is met, with the reason and how many more texts would tell; None for no number.

    ``miss`` is how far the figure lies beyond the limit, as a share of it; below 0 within it.
    """

    answer: Answer
    reason: str
    more_texts: int | None
    miss: float


@dataclass(frozen=True)
class Judged:
    """A contender held against each limit that is set.

    ``agreement`` is as the rule takes it, None for the original.
    """

    measured: Measured
    agreement: Estimate | None
    checks: tuple[Check, ...]

    @property
    def answer(self) -> Answer:
        """Whether it surely fits, surely doesn't, or neither is shown."""
        return gravest(one.answer for one in self.checks) if self.checks else Answer.YES

    @property
    def miss(self) -> float:
        """How far it lies beyond the limit that it misses most; 0 if it misses none."""
        return max([0.0, *(one.miss for one in self.checks)])

    @property
    def more_texts(self) -> int | None:
        """How many more texts decide all that is undecided; None where no number would."""
        more = [one.more_texts for one in self.checks if one.answer is Answer.UNDECIDED]
        known = [number for number in more if number is not None]
        return max(known) if known and len(known) == len(more) else None

    def reasons(self, answer: Answer) -> str:
        """Those of the checks that came to ``answer``."""
        return "; ".join(one.reason for one in self.checks if one.answer is answer)


@dataclass(frozen=True)
class Recommendation:
    """What the rule comes to; ``named`` is the contender that it is about.

    YES: take it. UNDECIDED: it looks best, but more texts are needed. NO: it comes nearest.
    ``faster`` would be taken instead if more texts showed that they fit; the times of ``tied``
    can't be told from that of the one taken. ``judged`` has the original first.
    """

    limits: Limits
    judged: tuple[Judged, ...]
    answer: Answer
    named: Judged
    faster: tuple[Judged, ...] = ()
    tied: tuple[Judged, ...] = ()

    @property
    def chosen(self) -> Measured | None:
        """The one to take; None where none is."""
        return self.named.measured if self.answer is Answer.YES else None


def recommend(measured: Sequence[Measured], limits: Limits) -> Recommendation:
    """Apply the rule to contenders that were measured together, the original first."""
    recipes = sum(one.agreement is not None for one in measured)
    level = 1 - RISK / max(1, recipes)
    judged = tuple(_judge(one, limits, level) for one in measured)
    fitting = [one for one in judged if one.answer is Answer.YES]
    undecided = [one for one in judged if one.answer is Answer.UNDECIDED]
    if not fitting and not undecided:
        return Recommendation(limits, judged, Answer.NO, min(judged, key=lambda one: one.miss))
    best, tied = _best(fitting) if fitting else (None, ())
    faster = [
        one
        for one in undecided
        if best is None or one.measured.singles.as_fast_as(best.measured.singles).low > 1.0
    ]
    # The original fits by definition: where it is all that is sure, more texts are worth having.
    if best is None or (best.measured.agreement is None and faster):
        named = min(faster, key=lambda one: (one.miss > 0, one.measured.singles.ms.value))
        return Recommendation(limits, judged, Answer.UNDECIDED, named)
    return Recommendation(limits, judged, Answer.YES, best, tuple(faster), tied)


def _best(fitting: Sequence[Judged]) -> tuple[Judged, tuple[Judged, ...]]:
    """The one to take, and the others whose times tie with the fastest one's."""
    fastest = min(fitting, key=lambda one: one.measured.singles.ms.value)
    level = [
        one
        for one in fitting
        if one is fastest or 1.0 in one.measured.singles.as_fast_as(fastest.measured.singles)
    ]

    def worth(one: Judged) -> tuple[float, float, float]:
        agreement = 1.0 if one.agreement is None else one.agreement.value
        return agreement, -one.measured.bytes_on_disk, -one.measured.singles.ms.value

    best = max(level, key=worth)
    return best, tuple(one for one in level if one is not best)


def _judge(measured: Measured, limits: Limits, level: float) -> Judged:
    """``measured`` against each limit that is set, its agreement's interval at ``level``."""
    texts, ms, agreement = measured.singles.n, measured.singles.ms, measured.agreement_at(level)
    checks = []
    if (most := limits.max_mb) is not None:
        mb = measured.bytes_on_disk / 1e6
        fits = Answer.YES if mb <= most else Answer.NO
        checks.append(Check(fits, f"{mb:.1f} MB, {most:g} MB allowed", None, mb / most - 1))
    if (most := limits.max_ms) is not None:
        # Less is better, and 1 is the limit.
        used = Estimate(-ms.value / most, -ms.high / most, -ms.low / most)
        answer, more = settle(used, -1.0, seen=texts, needed=FEWEST_UNITS)
        reason = f"{ms.text(1, 2)} ms a text, {most:g} ms allowed"
        checks.append(Check(answer, reason, more, ms.value / most - 1))
    if (least := limits.min_agreement) is not None and agreement is not None:
        seen = measured.entities
        answer, more = settle(agreement, least, seen=seen, needed=fewest(1 - least, level))
        if more is not None and seen:
            # More texts like these have entities in the same number.
            more = round_up(more * texts / seen)
        found = f"agreement {agreement.text()} % on {seen:,.0f} entities"
        miss = (least - agreement.value) / (1 - least)
        checks.append(Check(answer, f"{found}, {100 * least:g} % asked for", more, miss))
    return Judged(measured, agreement, tuple(checks))
