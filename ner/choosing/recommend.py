"""Which recipe to take: the fastest that surely fits; where times tie, the one that agrees most.

The original fits by definition, which says nothing of the recipes: where it would be taken, and a
recipe is undecided that may be faster or is smaller, the answer is that more texts are needed.

A limit on time or agreement is met only if the whole interval meets it; otherwise a bad recipe
would pass by chance, more often the more recipes are tried. So the interval of an agreement is at
1 − 5 %/k for k recipes (Bonferroni). Two times tie where the interval of their ratio, paired by
text, includes 1. Size is exact. Of those that tie and agree equally the smallest is taken, and of
those of one size the one that tags most texts a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ner.choosing.measure import Measured
from ner.choosing.workloads import FILE
from ner.stats import FEWEST_UNITS, Estimate, count_of, speed_in_words
from ner.verdict import (
    MIN_AGREEMENT,
    Answer,
    Verdict,
    check_limit,
    fewest,
    gravest,
    round_up,
    settle,
)

# The chance, for all recipes together, of taking one whose agreement is under the limit.
RISK = 0.05
# Sizes whose ratio differs from 1 by less are the same.
_SAME_SIZE = 0.02
# Ratios that have a name.
_PARTS = {1 / 2: "half", 1 / 3: "a third", 1 / 4: "a quarter", 1 / 5: "a fifth"}


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

    @property
    def outlook(self) -> str:
        """How many more texts would decide it, in a sentence; for what is undecided."""
        if self.more_texts is None:
            return "It is too close to the limit for any number of texts to tell."
        ends = "show whether it fits" if self.miss > 0 else "prove it"
        return f"{count_of(self.more_texts, 'more text')} would {ends}."


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

    @cached_property
    def verdict(self) -> Verdict:
        """In a few words, and in sentences with the reason; ``more`` counts texts."""
        undecided = self.answer is Answer.UNDECIDED
        more = self.named.more_texts if undecided else None
        return Verdict(self.answer, self._short(more), " ".join(self._sentences()), more)

    def _short(self, more: int | None) -> str:
        title = self.named.measured.title
        if self.answer is Answer.YES:
            return f"Take {title}."
        if self.answer is Answer.NO:
            return f"None fits; {title} comes nearest."
        if more is None:
            return f"Undecided: whether {title} will do is too close to tell."
        return f"Undecided: {count_of(more, 'more text')} would tell whether {title} will do."

    def _sentences(self) -> Iterator[str]:
        """What to take and why; where that is undecided, what looks best and what decides it."""
        named, original = self.named, self.judged[0].measured
        title = named.measured.title
        if self.answer is Answer.NO:
            yield f"None fits. {title} comes nearest: {named.reasons(Answer.NO)}."
        elif named.measured is original and self.answer is Answer.YES:
            yield f"Take {title}: no recipe that surely fits is faster."
        elif self.answer is Answer.YES:
            yield f"Take {title}: {gains(named.measured, original, named.agreement)}."
        elif named.miss > 0:
            yield f"{title} may fit: {named.reasons(Answer.UNDECIDED)}. {named.outlook}"
        else:
            slower = named.measured.singles.as_fast_as(original.singles).high < 1
            gained = gains(named.measured, original, named.agreement)
            yield f"{title} {'may do' if slower else 'looks best'}: {gained}. {named.outlook}"
        if self.tied:
            others = " and ".join(one.measured.title for one in self.tied)
            yield f"It is as fast as {others}, and agrees at least as well."
        for one in self.faster:
            yield f"{one.measured.title} is faster. {one.outlook}"
        if named.measured.withheld is not None:
            yield named.measured.withheld


def recommend(measured: Sequence[Measured], limits: Limits) -> Recommendation:
    """Apply the rule to contenders that were measured together, the original first."""
    recipes = sum(one.agreement is not None for one in measured)
    level = 1 - RISK / max(1, recipes)
    judged = tuple(_judge(one, limits, level) for one in measured)
    fitting = [one for one in judged if one.answer is Answer.YES]
    undecided = [one for one in judged if one.answer is Answer.UNDECIDED]
    if not fitting and not undecided:
        return Recommendation(limits, judged, Answer.NO, min(judged, key=lambda one: one.miss))
    if not fitting:
        return Recommendation(limits, judged, Answer.UNDECIDED, _likeliest(undecided))
    best, tied = _best(fitting)
    if best.measured.agreement is None:
        worth = [one for one in undecided if _may_gain(one.measured, best.measured)]
        if worth:
            return Recommendation(limits, judged, Answer.UNDECIDED, _likeliest(worth))
    times = best.measured.singles
    faster = (one for one in undecided if one.measured.singles.as_fast_as(times).low > 1.0)
    return Recommendation(limits, judged, Answer.YES, best, tuple(faster), tied)


def _likeliest(undecided: Sequence[Judged]) -> Judged:
    """The fastest of those whose figures are within the limits, else of all."""
    return min(undecided, key=lambda one: (one.miss > 0, one.measured.singles.ms.value))


def _may_gain(this: Measured, original: Measured) -> bool:
    """Whether it is smaller than the original, or not surely slower."""
    smaller = this.bytes_on_disk < (1 - _SAME_SIZE) * original.bytes_on_disk
    return smaller or this.singles.as_fast_as(original.singles).high >= 1.0


def _best(fitting: Sequence[Judged]) -> tuple[Judged, tuple[Judged, ...]]:
    """The one to take, and the others whose times tie with the fastest one's."""
    fastest = min(fitting, key=lambda one: one.measured.singles.ms.value)
    level = [
        one
        for one in fitting
        if one is fastest or 1.0 in one.measured.singles.as_fast_as(fastest.measured.singles)
    ]

    same_size = (1 + _SAME_SIZE) * min(one.measured.bytes_on_disk for one in level)

    def worth(one: Judged) -> tuple[float, float, float]:
        agreement = 1.0 if one.agreement is None else one.agreement.value
        size = max(same_size, one.measured.bytes_on_disk)
        return agreement, -size, one.measured.times[FILE].rate.value

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


def gains(this: Measured, base: Measured, agreement: Estimate | None) -> str:
    """The time, size, memory and agreement of one beside those of the original."""
    as_fast = this.singles.as_fast_as(base.singles)
    said = [
        speed_in_words(as_fast) + (f" ({as_fast.range(1, 1)})" if as_fast.low > 1 else ""),
        _part_in_words(this.bytes_on_disk / base.bytes_on_disk, "size"),
    ]
    if this.footprint is not None and base.footprint is not None:
        held = this.footprint.after_files / base.footprint.after_files
        said.append(_part_in_words(held, "memory"))
    if agreement is not None and agreement.value == 1.0:
        least = f"agreement at least {100 * agreement.low:.1f} %"
        said.append(f"no difference in {count_of(this.singles.n, 'text')} ({least})")
    elif agreement is not None:
        said.append(f"agreement {agreement.text()} % on {this.entities:,.0f} entities")
    return ", ".join(said)


def _part_in_words(ratio: float, what: str) -> str:
    """A ratio to the original's.

    >>> [_part_in_words(ratio, "size") for ratio in (0.26, 0.8, 1.01, 1.2)]
    ['a quarter of the size', '80 % of the size', 'the same size', '1.20 × the size']
    """
    for value, name in _PARTS.items():
        if abs(ratio / value - 1) < 0.1:
            return f"{name} of the {what}"
    if abs(ratio - 1) < _SAME_SIZE:
        return f"the same {what}"
    return f"{100 * ratio:.0f} % of the {what}" if ratio < 1 else f"{ratio:.2f} × the {what}"
