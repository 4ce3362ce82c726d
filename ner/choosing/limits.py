"""What a reader asks of a candidate, and whether one fits: yes, no, or not settled yet.

Size is exact. Time and agreement count only with their whole interval, since chance would
otherwise choose among them: the more candidates, the more often one that is too bad looks good
enough. So an agreement's interval is at 1 − 5 %/k for k candidates (Bonferroni), and there must be
enough texts to have met a difference at all (:func:`ner.stats.rule_of_three`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ner.choosing.candidates import Candidate
from ner.errors import InputError
from ner.evaluating.verdict import FLOOR, Answer
from ner.stats import FEWEST_UNITS, Interval, rule_of_three

# The chance, for all candidates together, of taking one whose agreement is under the limit.
RISK = 0.05
# More texts than this are not to be had: the figure and its limit are as good as equal.
_MOST_TEXTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most milliseconds for a text (median), the most MB on disk, the least agreement.

    ``min_agreement`` is a fraction, F1 against the original's entities; None asks for nothing.
    Raises ``InputError`` for what can't be a limit.
    """

    max_ms: float | None = None
    max_mb: float | None = None
    min_agreement: float | None = FLOOR

    def __post_init__(self) -> None:
        for value, what, unit in ((self.max_ms, "time", "ms"), (self.max_mb, "size", "MB")):
            if value is not None and not 0 < value < math.inf:
                raise InputError(
                    f"A limit of {value:g} {unit} for {what} can't be met; expected a number over "
                    "0, or none."
                )
        if self.min_agreement is not None and not 0 < self.min_agreement < 1:
            raise InputError(
                f"An agreement of {self.min_agreement:g} can't be asked for; expected a fraction "
                "over 0 and under 1, such as 0.98 (98 %). No number of texts shows that two always "
                "agree."
            )


@dataclass(frozen=True, slots=True)
class Check:
    """One limit held against one candidate.

    ``reason`` is a clause for the reader. ``miss`` is how far a NO lies beyond its limit, as a
    share of what the limit allows; ``more_texts`` how many more texts would settle what is open,
    None where no number that can be had would.
    """

    answer: Answer
    reason: str
    miss: float = 0.0
    more_texts: int | None = None


def check(candidate: Candidate, limits: Limits, level: float) -> tuple[Check, ...]:
    """Each limit that is set against ``candidate``; its agreement's interval is at ``level``."""
    checks = []
    if limits.max_mb is not None:
        checks.append(_check_size(candidate, limits.max_mb))
    if limits.max_ms is not None:
        checks.append(_check_time(candidate, limits.max_ms))
    if limits.min_agreement is not None and candidate.agreement is not None:
        checks.append(_check_agreement(candidate, limits.min_agreement, level))
    return tuple(checks)


def _check_size(candidate: Candidate, limit: float) -> Check:
    size = candidate.bytes_on_disk / 1e6
    if size <= limit:
        return Check(Answer.YES, f"{size:.1f} MB, {limit:g} allowed")
    return Check(
        Answer.NO,
        f"{size:.1f} MB, {size - limit:.1f} MB over the {limit:g} MB allowed",
        miss=size / limit - 1,
    )


def _check_time(candidate: Candidate, limit: float) -> Check:
    interval, median = candidate.time_interval, candidate.median_ms
    written = f"{median:.2f} ms a text ({_range(interval, 1, 2)})"
    if interval.high <= limit:
        return Check(Answer.YES, f"{written}, {limit:g} allowed")
    if interval.low > limit:
        return Check(
            Answer.NO,
            f"{written}, {median - limit:.2f} ms over the {limit:g} ms allowed",
            miss=median / limit - 1,
        )
    return Check(
        Answer.OPEN,
        f"{written}, and the {limit:g} ms allowed lie inside the interval",
        more_texts=_more_texts(candidate.texts, median, limit, interval),
    )


def _check_agreement(candidate: Candidate, limit: float, level: float) -> Check:
    interval, f1 = candidate.agreement_interval(level), candidate.agreement_f1
    n = candidate.texts_with_entities
    needed = rule_of_three(1 - limit)
    asked = f"{100 * limit:g} %"
    written = f"agreement {100 * f1:.1f} % ({_range(interval, 100, 1)}; n = {n:,} texts)"
    if interval.high < limit:
        return Check(
            Answer.NO,
            f"{written}, {100 * (limit - f1):.1f} points under the {asked} asked for",
            miss=(limit - f1) / (1 - limit),
        )
    if interval.low >= limit and n >= needed:
        return Check(Answer.YES, f"{written}, {asked} asked for")
    # Only texts with an entity count, so that of more texts like these only that share helps.
    share = n / candidate.texts or 1.0
    at_least = _rounded_up(math.ceil(max(needed - n, 1) / share))
    if interval.low >= limit or n < FEWEST_UNITS:
        reason = f"{written}, but {needed:,} texts with entities are needed to tell"
        return Check(Answer.OPEN, reason, more_texts=at_least)
    estimate = _more_texts(candidate.texts, f1, limit, interval)
    return Check(
        Answer.OPEN,
        f"{written}, and the {asked} asked for lie inside the interval",
        more_texts=None if estimate is None else max(estimate, at_least),
    )


def _more_texts(n: int, value: float, limit: float, interval: Interval) -> int | None:
    """How many more texts would take ``limit`` out of the interval, were ``value`` to stay.

    An interval's width goes with 1 / √n.
    """
    if n < FEWEST_UNITS:
        return FEWEST_UNITS - n
    reach = value - interval.low if value >= limit else interval.high - value
    distance = abs(value - limit)
    if reach >= distance * math.sqrt(_MOST_TEXTS / n):
        return None
    return _rounded_up(max(1, math.ceil(n * (reach / distance) ** 2 - n)))


def _rounded_up(count: int) -> int:
    """To two figures: more of them would be false precision.

    >>> _rounded_up(412), _rounded_up(7)
    (420, 7)
    """
    step: int = 10 ** max(0, len(str(count)) - 2)
    return math.ceil(count / step) * step


def _range(interval: Interval, factor: float, decimals: int) -> str:
    high = "∞" if math.isinf(interval.high) else f"{factor * interval.high:.{decimals}f}"
    return f"{factor * interval.low:.{decimals}f}–{high}"
