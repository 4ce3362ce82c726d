"""The rule: of those that surely fit, the fastest; where times tie, the one that agrees most.

'Surely' is said in :mod:`ner.choosing.limits`. Two times tie where the interval of their ratio,
paired by text, includes 1. Where nothing surely fits but something may, the answer is 'not
settled', with how many more texts would settle it; where nothing can fit, the nearest is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ner.choosing.candidates import Candidate
from ner.choosing.limits import RISK, Check, Limits, check
from ner.stats import Estimate, ratio_estimate
from ner.verdict import Answer


@dataclass(frozen=True)
class Judged:
    """A candidate, its agreement with the interval that the rule takes, and its checks."""

    candidate: Candidate
    agreement: Estimate
    checks: tuple[Check, ...]

    @property
    def answer(self) -> Answer:
        """Whether it surely fits, surely doesn't, or neither is shown."""
        answers = {held.answer for held in self.checks}
        return next((bad for bad in (Answer.NO, Answer.UNDECIDED) if bad in answers), Answer.YES)

    @property
    def miss(self) -> float:
        """How far it lies beyond the limit that it misses most, as a share of that limit."""
        return max((held.miss for held in self.checks), default=0.0)

    @property
    def more_texts(self) -> int | None:
        """How many more texts settle all that is open; None where no number would."""
        counts = [held.more_texts for held in self.checks if held.answer is Answer.UNDECIDED]
        known = [count for count in counts if count is not None]
        return max(known) if known and len(known) == len(counts) else None

    def reasons(self, answer: Answer) -> str:
        """The clauses of the checks that came to ``answer``."""
        return "; ".join(held.reason for held in self.checks if held.answer is answer)


@dataclass(frozen=True)
class Decision:
    """What the rule comes to; ``named`` is the candidate that its sentence is about.

    YES: take it. OPEN: it is the fastest that may fit. NO: it is the nearest. ``faster`` are open
    ones that would be taken instead if they turned out to fit, ``tied`` those whose time can't be
    told from that of the one taken.
    """

    limits: Limits
    judged: tuple[Judged, ...]
    answer: Answer
    named: Judged
    faster: tuple[Judged, ...] = ()
    tied: tuple[Judged, ...] = ()

    @property
    def chosen(self) -> Candidate | None:
        """The candidate to take; None where none is."""
        return self.named.candidate if self.answer is Answer.YES else None


def decide(candidates: Sequence[Candidate], limits: Limits) -> Decision:
    """Apply the rule to ``candidates`` (at least one), all measured on the same texts."""
    judged = judge(candidates, limits)
    by_answer = {
        answer: [item for item in judged if item.answer is answer] for answer in tuple(Answer)
    }
    fitting, open_ones = by_answer[Answer.YES], by_answer[Answer.UNDECIDED]
    if fitting:
        best, tied = _best(fitting)
        faster = tuple(item for item in open_ones if _surely_faster(item, best))
        return Decision(limits, judged, Answer.YES, best, faster, tied)
    if open_ones:
        return Decision(limits, judged, Answer.UNDECIDED, min(open_ones, key=_time))
    return Decision(limits, judged, Answer.NO, min(judged, key=lambda item: item.miss))


def judge(candidates: Sequence[Candidate], limits: Limits) -> tuple[Judged, ...]:
    """Each candidate against the limits, by intervals that allow for how many there are."""
    in_question = sum(candidate.agreement is not None for candidate in candidates)
    level = 1 - RISK / max(1, in_question)
    return tuple(
        Judged(candidate, candidate.agreement_at(level), check(candidate, limits, level))
        for candidate in candidates
    )


def _best(fitting: Sequence[Judged]) -> tuple[Judged, tuple[Judged, ...]]:
    """The one to take, and the others whose times tie with the fastest one's."""
    fastest = min(fitting, key=_time)
    level = [item for item in fitting if item is fastest or 1.0 in _ratio(item, fastest)]
    best = max(level, key=lambda item: (item.agreement.value, -_size(item), -_time(item)))
    return best, tuple(item for item in level if item is not best)


def _surely_faster(item: Judged, other: Judged) -> bool:
    return _ratio(item, other).high < 1.0


def _ratio(item: Judged, other: Judged) -> Estimate:
    """The first one's time over the second's."""
    return ratio_estimate(item.candidate.latency.samples_ms, other.candidate.latency.samples_ms)


def _time(item: Judged) -> float:
    return item.candidate.time.value


def _size(item: Judged) -> int:
    return item.candidate.bytes_on_disk
