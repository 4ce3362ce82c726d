"""What a reader asks of a candidate, and whether one fits: yes, no, or undecided.

Size is exact. Time and agreement count only with their whole interval, since chance would
otherwise choose among them: the more candidates, the more often one that is too bad looks good
enough. So an agreement's interval is at 1 − 5 %/k for k candidates (Bonferroni), and there must be
enough texts to have met a difference at all (:func:`ner.verdict.fewest`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ner.choosing.candidates import Candidate
from ner.errors import InputError
from ner.stats import FEWEST_UNITS, Estimate
from ner.verdict import MIN_AGREEMENT, Answer, fewest, settle

# The chance, for all candidates together, of taking one whose agreement is under the limit.
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
    time = candidate.time
    # Less is better, and 1 is the limit.
    figure = Estimate(-time.value / limit, -time.high / limit, -time.low / limit)
    answer, more = settle(figure, -1.0, seen=candidate.texts, needed=FEWEST_UNITS)
    taken = f"{time.text(1, 2)} ms a text"
    reason = {
        Answer.YES: f"{taken}, {limit:g} allowed",
        Answer.NO: f"{taken}, {time.value - limit:.2f} ms over the {limit:g} ms allowed",
        Answer.UNDECIDED: f"{taken}, and the {limit:g} ms allowed lie inside the interval",
    }[answer]
    return Check(answer, reason, miss=max(0.0, time.value / limit - 1), more_texts=more)


def _check_agreement(candidate: Candidate, limit: float, level: float) -> Check:
    agreement = candidate.agreement_at(level)
    seen, needed = candidate.entities, fewest(1 - limit, level)
    answer, more = settle(agreement, limit, seen=seen, needed=needed)
    asked = f"{100 * limit:g} %"
    found = f"agreement {agreement.text()} % on {seen:,.0f} entities"
    reason = {
        Answer.YES: f"{found}, {asked} asked for",
        Answer.NO: f"{found}, {100 * (limit - agreement.value):.1f} points under the {asked} "
        "asked for",
        Answer.UNDECIDED: f"{found}, and the {asked} asked for lie inside the interval",
    }[answer]
    if answer is Answer.UNDECIDED and agreement.value == 1.0:
        reason = f"{found}, but {needed:,} entities are needed to show {asked}"
    if more is not None and seen:
        # More texts like these have entities in the same number.
        more = math.ceil(more * candidate.texts / seen)
    miss = max(0.0, (limit - agreement.value) / (1 - limit))
    return Check(answer, reason, miss=miss, more_texts=more)
