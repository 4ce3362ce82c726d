"""Can the right side stand in for the left one? Yes, no, or what is missing, and why.

By the rule of :mod:`ner.verdict`: a test of non-inferiority.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ner.comparing.agreement import Agreement, Kind, agreement_counts
from ner.counts import Counts
from ner.evaluating.evaluation import Evaluation
from ner.stats import Estimate, f1_estimate
from ner.verdict import MAX_LOSS, MIN_AGREEMENT, Answer, Verdict, fewest, more_needed, settle

# As a fraction.
TOLERANCE = MAX_LOSS / 100


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the right side may stand in for the left one, on one type or on all (None).

    ``left`` and ``right`` are their F1, ``difference`` the right one minus the left one, and
    ``entities`` how many there are in gold.
    """

    label: str | None
    entities: int
    left: Estimate
    right: Estimate
    difference: Estimate
    verdict: Verdict


def against_gold(
    evaluation: Evaluation,
    *,
    label: str | None = None,
    tolerance: float = TOLERANCE,
    names: tuple[str, str] = ("A", "B"),
) -> Judgement:
    """Whether the right F1 is at most ``tolerance`` (a fraction, over 0) below the left one."""
    left, right = (evaluation.f1(side, label) for side in (0, 1))
    difference = evaluation.difference(label)
    entities = evaluation.support(label)
    needed = fewest(tolerance)
    answer, more = settle(difference, -tolerance, seen=entities, needed=needed)
    gap = _compared(names, label, left, right, difference)
    size = f"{count_of(entities, 'entity')} in {count_of(len(evaluation.gold), 'sentence')}"
    limit = f"{100 * tolerance:.1f} points"
    reason = {
        Answer.YES: f"a loss over the {limit} you accept is ruled out",
        Answer.NO: f"more than the {limit} you accept",
        Answer.UNDECIDED: f"a loss over the {limit} you accept is neither shown nor ruled out",
    }[answer]
    if answer is Answer.UNDECIDED and difference.low >= -tolerance:
        reason = (
            f"no loss over {limit} is seen, but ruling it out needs at least "
            f"{count_of(needed, 'entity')}"
        )
    sentence = f"{opening(answer, more)} {gap}, on {size}): {reason}."
    verdict = Verdict(answer, _short(answer, more, names, limit), sentence, more)
    return Judgement(label, entities, left, right, difference, verdict)


def without_gold(
    agreements: Sequence[Agreement],
    *,
    floor: float = MIN_AGREEMENT,
    names: tuple[str, str] = ("A", "B"),
) -> Verdict:
    """Whether the second's entities, scored against the first's, reach an F1 of ``floor``.

    If they do, the second can't have lost more than the rest of it. If they don't, only gold tells
    which of the two is wrong where they differ: so the answer is never no.
    """
    first, second = names
    agreement = agreement_estimate(agreements)
    entities = sum(len(agreement.left.entities) for agreement in agreements)
    needed = fewest(1 - floor)
    answer, more = settle(agreement, floor, seen=entities, needed=needed)
    found = (
        f"{second} finds what {first} finds with F1 {agreement.number()} % "
        f"(95 % interval {agreement.range()},"
        f" on {count_of(entities, 'entity')} in {count_of(len(agreements), 'line')})"
    )
    limit = f"{100 * (1 - floor):.1f} points"
    if answer is Answer.NO:
        loss = f"if {second} is wrong wherever they differ, it loses over the {limit} you accept"
        short = "Undecided: only gold, or your own judgement, tells which is right."
        return Verdict(
            Answer.UNDECIDED,
            short,
            f"Undecided: gold would tell. {found}: {loss}. Judge what differs.",
        )
    reason = {
        Answer.YES: f": even if {second} is wrong wherever they differ, it loses less than the "
        f"{limit} you accept.",
        Answer.UNDECIDED: f": whether a loss over the {limit} you accept is possible is undecided.",
    }[answer]
    if answer is Answer.UNDECIDED and agreement.low >= floor:
        reason = f": ruling out a loss over {limit} needs at least {count_of(needed, 'entity')}."
    sentence = f"{opening(answer, more)} {found}{reason}"
    return Verdict(answer, _short(answer, more, names, limit), sentence, more)


def reaches(evaluation: Evaluation, least: float, *, name: str) -> Verdict:
    """Whether the F1 of the right side (the left one alone) is at least this, a fraction under 1.

    ``name`` is what that side is called.
    """
    entities = evaluation.support()
    figure = evaluation.f1(len(evaluation.sides) - 1)
    size = f"{count_of(entities, 'entity')} in {count_of(len(evaluation.gold), 'sentence')}"
    needed = fewest(1 - least)
    answer, more = settle(figure, least, seen=entities, needed=needed)
    asked = f"the {100 * least:.4g} % asked for"
    reason = {
        Answer.YES: f"it reaches {asked}",
        Answer.NO: f"it stays under {asked}",
        Answer.UNDECIDED: f"whether it reaches {asked} is undecided",
    }[answer]
    if answer is Answer.UNDECIDED and figure.low >= least:
        reason = f"to show {asked}, at least {count_of(needed, 'entity')} are needed"
    found = f"{name}'s F1 is {figure.number()} % (95 % interval {figure.range()}, on {size})"
    short = {Answer.YES: f"Yes: {name} reaches {asked}.", Answer.NO: f"No: {name} misses {asked}."}
    return Verdict(
        answer,
        short.get(answer, opening(answer, more)),
        f"{opening(answer, more)} {found}: {reason}.",
        more,
    )


def _short(answer: Answer, more: int | None, names: tuple[str, str], limit: str) -> str:
    """The verdict in at most twelve words, if names are of one word."""
    first, second = names
    return {
        Answer.YES: f"Yes: {second} can replace {first}, losing at most {limit}.",
        Answer.NO: f"No: {second} loses more than {limit} against {first}.",
    }.get(answer, opening(answer, more))


def opening(answer: Answer, more: int | None) -> str:
    """How the sentence of a verdict begins."""
    if answer is not Answer.UNDECIDED:
        return "Yes." if answer is Answer.YES else "No."
    return f"Undecided: {more_needed(more)}."


def agreement_estimate(agreements: Sequence[Agreement], label: str | None = None) -> Estimate:
    """The micro F1 of the right entities against the left ones; of one label, or of all (None).

    Texts are resampled; 1.0 where neither side found any.
    """
    counts = [agreement_counts(agreement) for agreement in agreements]
    rows = [
        sum(by_label.values(), Counts()) if label is None else by_label.get(label, Counts())
        for by_label in counts
    ]
    return f1_estimate([count.row for count in rows], of_nothing=1.0)


def identical_estimate(agreements: Sequence[Agreement]) -> Estimate:
    """The share of aligned pairs that are identical, resampling texts; 1.0 where there is none."""
    rows = []
    for agreement in agreements:
        same = sum(pair.kind is Kind.SAME for pair in agreement.pairs)
        # F1 = 2 tp / (2 tp + fp + fn) is the share same / (same + different) with fp = 2 different.
        rows.append((same, 2 * (len(agreement.pairs) - same), 0))
    return f1_estimate(rows, of_nothing=1.0)


def _compared(
    names: tuple[str, str],
    label: str | None,
    left: Estimate,
    right: Estimate,
    difference: Estimate,
) -> str:
    """Both F1 and how they differ, up to the end of the interval."""
    first, second = names
    written = f"{abs(100 * difference.value):.1f}"
    aside = f"{written} points {'below' if difference.value < 0 else 'above'}"
    return (
        f"{second}'s F1{f' on {label}' if label else ''} is {right.number()} %, "
        f"{'equal to' if written == '0.0' else aside} {first}'s {left.number()} % "
        f"(95 % interval of the difference {difference.range(sign=True)} points"
    )


def count_of(number: int, noun: str) -> str:
    """A number of things.

    >>> count_of(1, "entity"), count_of(2000, "error")
    ('1 entity', '2,000 errors')
    """
    return f"{number:,} {_noun(number, noun)}"


def _noun(number: int, noun: str = "entity") -> str:
    plural = {"entity": "entities"}.get(noun, f"{noun}s")
    return noun if number == 1 else plural
