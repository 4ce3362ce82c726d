"""Yes, no or undecided: the one rule for an estimate against a limit, and how much more it needs.

A yes needs two things. The whole interval must be on the right side of the limit, and there must
have been enough entities to meet a mishap of the rate that the limit allows: by the rule of three
(:func:`ner.stats.unseen_rate`) 3 / rate of them, 300 for one point of F1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ner.errors import InputError
from ner.stats import LEVEL, Estimate, count_of, unseen_rate

# What a variant may lose and must reach unless the reader says otherwise: points of F1 against
# gold, and F1 of its entities against the original's where there is no gold.
MAX_LOSS = 1.0
MIN_AGREEMENT = 0.95

# An interval at 95 % reaches 1.96 standard errors; to exclude a limit with a power of 80 %, the
# value must lie 1.96 + 0.84 of them from it.
_POWER = (1.96 + 0.84) / 1.96
# More entities than anybody will label: then the answer is that it is too close.
_MOST = 1_000_000


class Answer(StrEnum):
    """What a verdict comes to."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, in at most twelve words and in a sentence with its reason and n.

    ``more`` is about how many more entities (where a recipe is chosen, texts) would settle what is
    undecided; None where nothing is, or where a million would not.
    """

    answer: Answer
    short: str
    sentence: str
    more: int | None = None


def check_limit(name: str, value: float | None, most: float, example: str) -> None:
    """Raise ``InputError`` for a limit that is not over 0 and under ``most``; None sets none."""
    if value is not None and not 0 < value < most:
        bounds = "over 0" if most == math.inf else f"over 0 and under {most:g}"
        # JSON has whole numbers that are no float.
        given = f"{value:g}" if isinstance(value, float) else str(value)[:20]
        raise InputError(f"{name} must be {bounds}, for example {example}; got {given}.")


def check_max_loss(value: float | None, name: str = "max_loss") -> None:
    """Raise ``InputError`` for what can't be the points of F1 that a side may lose."""
    check_limit(name, value, 100, "1 (points of F1)")


def settle(
    estimate: Estimate, limit: float, *, seen: float, needed: int
) -> tuple[Answer, int | None]:
    """Whether an estimate surely reaches ``limit``; if that is undecided, how many more settle it.

    Yes where its whole interval does and ``needed`` entities were ``seen``, no where none of it
    does. An interval narrows with the square root of n, or with n where no difference was seen.
    ``more`` makes it narrow enough in four of five cases if what comes is like what was seen (a
    power of 80 %); None where a million would not.

    >>> settle(Estimate(0.0, -0.02, 0.02), -0.01, seen=500, needed=300)
    (<Answer.UNDECIDED: 'undecided'>, 3600)
    """
    if estimate.high < limit:
        return Answer.NO, None
    if estimate.low >= limit and seen >= needed:
        return Answer.YES, None
    room = estimate.value - limit
    spread = estimate.value - estimate.low if room >= 0 else estimate.high - estimate.value
    if estimate.low >= limit or 0 < seen * spread <= needed * room:
        total = float(needed)
    elif estimate.high - estimate.low >= 1:
        # So wide an interval says nothing, not even how fast it will narrow.
        total = max(needed, 2 * seen)
    elif room == 0:
        return Answer.UNDECIDED, None
    else:
        total = max(seen * (_POWER * spread / room) ** 2, needed if room > 0 else 0)
    more = round_up(max(total - seen, 1))
    return Answer.UNDECIDED, more if more <= _MOST else None


def fewest(rate: float, level: float = LEVEL) -> int:
    """How many entities a yes needs at least, to have met a mishap of this rate (over 0).

    >>> fewest(0.01), fewest(0.05)
    (300, 60)
    """
    # Rate and number change places in the rule of three.
    return math.ceil(unseen_rate(rate, level))


def gravest(answers: Iterable[Answer]) -> Answer:
    """No if any is, else undecided if any is; no answers at all settle nothing."""
    order = (Answer.NO, Answer.UNDECIDED, Answer.YES)
    return min(answers, key=order.index, default=Answer.UNDECIDED)


def more_needed(more: int | None) -> str:
    """What would settle what is undecided, as a clause.

    >>> more_needed(240), more_needed(None)
    ('about 240 more entities would settle it', 'even 1,000,000 more entities may not settle it')
    """
    if more is None:
        return f"even {_MOST:,} more entities may not settle it"
    return f"about {count_of(more, 'more entity')} would settle it"


def round_up(number: float) -> int:
    """Up to two figures: nobody knows an estimate any better.

    >>> round_up(33.2), round_up(5949)
    (34, 6000)
    """
    step: int = 10 ** max(0, len(str(math.ceil(number))) - 2)
    return math.ceil(number / step) * step
