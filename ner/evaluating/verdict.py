"""Can the right side stand in for the left one? Yes, no, or what is missing, and why.

A yes needs two things. The 95 % interval must leave out any loss over the tolerance (a test of
non-inferiority). And there must be enough entities to have met such a loss: where a mishap was not
seen among n, its rate may still be 3 / n (the 'rule of three'; Hanley & Lippman-Hand, JAMA 249(13),
1983), so n must reach 3 / tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ner.comparing.agreement import Agreement, Kind, agreement_counts, agreement_f1
from ner.counts import Counts
from ner.evaluating.evaluation import Evaluation
from ner.evaluating.scores import total
from ner.stats import Interval, f1_interval

# The loss of F1 that counts as none, unless the reader says otherwise.
TOLERANCE = 0.01
# The agreement that is asked for where there is no gold, unless the reader says otherwise.
FLOOR = 0.95


class Answer(StrEnum):
    """What a verdict comes to."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, and the sentence that gives its reason and n."""

    answer: Answer
    sentence: str


def against_gold(
    evaluation: Evaluation,
    *,
    tolerance: float = TOLERANCE,
    names: tuple[str, str] = ("the original", "INT8"),
) -> Verdict:
    """Whether the second's F1 is at most ``tolerance`` (a fraction, over 0) below the first's."""
    first, second = names
    interval = evaluation.gap_interval
    support = total(evaluation.left).micro.support
    needed = _needed(tolerance)
    size = f"n = {support:,} entities in {_count(len(evaluation.gold), 'sentence')}"
    gap = (
        f"{second}'s F1 is {_points(evaluation.gap)} {first}'s "
        f"(95 % interval {_signed(interval.low)} to {_signed(interval.high)} points; {size})"
    )
    limit = f"{100 * tolerance:.1f} points"
    if interval.high < -tolerance:
        return Verdict(Answer.NO, f"No. {gap}: more than the {limit} you accept.")
    if interval.low < -tolerance:
        return Verdict(
            Answer.OPEN,
            f"Not settled. {gap}: a loss over the {limit} you accept is neither shown nor ruled "
            "out. More gold would tell.",
        )
    if support < needed:
        return Verdict(
            Answer.OPEN,
            f"Not settled. {gap}: no loss is seen, but at least {needed:,} entities are needed to "
            f"rule out one of {limit}.",
        )
    return Verdict(Answer.YES, f"Yes. {gap}: a loss over the {limit} you accept is ruled out.")


def without_gold(
    agreements: Sequence[Agreement],
    *,
    floor: float = FLOOR,
    names: tuple[str, str] = ("the original", "INT8"),
) -> Verdict:
    """Whether the second's entities, scored against the first's, reach an F1 of ``floor``."""
    first, second = names
    interval = agreement_interval(agreements)
    entities = sum(len(agreement.left.entities) for agreement in agreements)
    needed = _needed(1 - floor)
    found = (
        f"{second} finds what {first} finds with F1 {100 * agreement_f1(agreements):.1f} % "
        f"(95 % interval {100 * interval.low:.1f} to {100 * interval.high:.1f}; n = {entities:,} "
        f"entities in {_count(len(agreements), 'line')})"
    )
    asked = f"{100 * floor:.0f} %"
    if interval.high < floor:
        return Verdict(Answer.NO, f"No. {found}, under the {asked} asked for.")
    if interval.low < floor:
        return Verdict(
            Answer.OPEN, f"Not settled. {found}; the {asked} asked for lie inside the interval."
        )
    if entities < needed:
        return Verdict(Answer.OPEN, f"Not settled. {found}, but {needed:,} entities are needed.")
    return Verdict(
        Answer.YES,
        f"Yes, as far as can be told without gold. {found}, over the {asked} asked for.",
    )


def agreement_interval(agreements: Sequence[Agreement], label: str | None = None) -> Interval:
    """The bootstrap interval of ``agreement_f1`` over texts; of one label, or of all (None)."""
    counts = [agreement_counts(agreement) for agreement in agreements]
    rows = [
        sum(by_label.values(), Counts()) if label is None else by_label.get(label, Counts())
        for by_label in counts
    ]
    return f1_interval([count.row for count in rows])


def identical_interval(agreements: Sequence[Agreement]) -> Interval:
    """The bootstrap interval, over texts, of the share of aligned pairs that are identical."""
    rows = []
    for agreement in agreements:
        same = sum(pair.kind is Kind.SAME for pair in agreement.pairs)
        # F1 = 2 tp / (2 tp + fp + fn) is the share same / (same + different) with tp = same / 2.
        rows.append((same / 2, len(agreement.pairs) - same, 0))
    return f1_interval(rows)


def _needed(tolerance: float) -> int:
    # The tiny bit less keeps 3 / 0.05 from being 61.
    return math.ceil(3 / tolerance - 1e-6)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _points(gap: float) -> str:
    """A difference of F1 in words: '0.2 points below'."""
    written = f"{abs(100 * gap):.1f}"
    if written == "0.0":
        return "equal to"
    return f"{written} points {'below' if gap < 0 else 'above'}"


def _signed(value: float) -> str:
    written = f"{100 * value:+.1f}"
    return "0.0" if written in ("+0.0", "-0.0") else written.replace("-", "−")
