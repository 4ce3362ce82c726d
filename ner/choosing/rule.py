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
from ner.errors import InputError
from ner.stats import FEWEST_UNITS, Estimate
from ner.verdict import MIN_AGREEMENT, Answer, Verdict, fewest, gravest, round_up, settle

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
        for name, value in (("max_ms", self.max_ms), ("max_mb", self.max_mb)):
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} must be a number over 0, or left out; got {value:g}.")
        if self.min_agreement is not None and not 0 < self.min_agreement < 1:
            raise InputError(
                "min_agreement must be a fraction over 0 and under 1, such as 0.98 for 98 %; got "
                f"{self.min_agreement:g}. No number of texts shows that two always agree."
            )


@dataclass(frozen=True)
class Judged:
    """A contender held against the limits.

    ``agreement`` is as the rule takes it, None for the original; ``verdicts`` has one for each
    limit; ``miss`` is how far it lies beyond the limit that it misses most, as a share of that.
    """

    measured: Measured
    agreement: Estimate | None
    verdicts: tuple[Verdict, ...]
    miss: float

    @property
    def answer(self) -> Answer:
        """Whether it surely fits, surely doesn't, or neither is shown."""
        return gravest(one.answer for one in self.verdicts) if self.verdicts else Answer.YES

    @property
    def more_texts(self) -> int | None:
        """How many more texts decide all that is undecided; None where no number would."""
        more = [one.more for one in self.verdicts if one.answer is Answer.UNDECIDED]
        known = [number for number in more if number is not None]
        return max(known) if known and len(known) == len(more) else None

    def reasons(self, answer: Answer) -> str:
        """The clauses of the verdicts that came to ``answer``."""
        return "; ".join(one.sentence for one in self.verdicts if one.answer is answer)


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
    faster = [one for one in undecided if best is None or _time_ratio(one, best).high < 1.0]
    # The original fits by definition: where it is all that is sure, more texts are worth having.
    if best is None or (best.measured.agreement is None and faster):
        named = min(faster, key=lambda one: (one.miss > 0, one.measured.singles.ms.value))
        return Recommendation(limits, judged, Answer.UNDECIDED, named)
    return Recommendation(limits, judged, Answer.YES, best, tuple(faster), tied)


def _best(fitting: Sequence[Judged]) -> tuple[Judged, tuple[Judged, ...]]:
    """The one to take, and the others whose times tie with the fastest one's."""
    fastest = min(fitting, key=lambda one: one.measured.singles.ms.value)
    level = [one for one in fitting if one is fastest or 1.0 in _time_ratio(one, fastest)]

    def worth(one: Judged) -> tuple[float, float, float]:
        agreement = 1.0 if one.agreement is None else one.agreement.value
        return agreement, -one.measured.bytes_on_disk, -one.measured.singles.ms.value

    best = max(level, key=worth)
    return best, tuple(one for one in level if one is not best)


def _time_ratio(one: Judged, other: Judged) -> Estimate:
    """The first one's time over the second's."""
    return other.measured.singles.as_fast_as(one.measured.singles)


def _judge(measured: Measured, limits: Limits, level: float) -> Judged:
    """``measured`` against each limit that is set, its agreement's interval at ``level``."""
    agreement = measured.agreement_at(level)
    verdicts, misses = [], [0.0]
    if limits.max_mb is not None:
        verdicts.append(_size(measured, limits.max_mb))
        misses.append(measured.bytes_on_disk / 1e6 / limits.max_mb - 1)
    if limits.max_ms is not None:
        verdicts.append(_time(measured, limits.max_ms))
        misses.append(measured.singles.ms.value / limits.max_ms - 1)
    if limits.min_agreement is not None and agreement is not None:
        verdicts.append(_agreement(measured, agreement, limits.min_agreement, level))
        misses.append((limits.min_agreement - agreement.value) / (1 - limits.min_agreement))
    return Judged(measured, agreement, tuple(verdicts), max(misses))


def _size(measured: Measured, limit: float) -> Verdict:
    size = measured.bytes_on_disk / 1e6
    fits = size <= limit
    reason = (
        f"{limit:g} allowed" if fits else f"{size - limit:.1f} MB over the {limit:g} MB allowed"
    )
    short = f"{size:.1f} MB"
    return Verdict(Answer.YES if fits else Answer.NO, short, f"{short}, {reason}")


def _time(measured: Measured, limit: float) -> Verdict:
    ms = measured.singles.ms
    # Less is better, and 1 is the limit.
    figure = Estimate(-ms.value / limit, -ms.high / limit, -ms.low / limit)
    answer, more = settle(figure, -1.0, seen=measured.singles.n, needed=FEWEST_UNITS)
    reason = {
        Answer.YES: f"{limit:g} allowed",
        Answer.NO: f"{ms.value - limit:.2f} ms over the {limit:g} ms allowed",
        Answer.UNDECIDED: f"and the {limit:g} ms allowed lie inside the interval",
    }[answer]
    short = f"{ms.text(1, 2)} ms a text"
    return Verdict(answer, short, f"{short}, {reason}", more)


def _agreement(measured: Measured, agreement: Estimate, limit: float, level: float) -> Verdict:
    seen = measured.entities
    answer, more = settle(agreement, limit, seen=seen, needed=fewest(1 - limit, level))
    asked = f"{100 * limit:g} %"
    reason = {
        Answer.YES: f"{asked} asked for",
        Answer.NO: f"{100 * (limit - agreement.value):.1f} points under the {asked} asked for",
        Answer.UNDECIDED: f"and the {asked} asked for lie inside the interval",
    }[answer]
    if more is not None and seen:
        # More texts like these have entities in the same number.
        more = round_up(more * measured.singles.n / seen)
    short = f"agreement {agreement.text()} %"
    return Verdict(answer, short, f"{short} on {seen:,.0f} entities, {reason}", more)
