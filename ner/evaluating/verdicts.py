"""Can the right side stand in for the left one, against gold or without it? With the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ner.comparing.agreement import Agreement, agreement_estimate
from ner.stats import Estimate, count_of
from ner.verdict import Answer, Verdict, fewest, more_needed, settle

if TYPE_CHECKING:
    from ner.evaluating.report import Report

# If not even the upper end of a side's F1 reaches this, gold and model do not fit.
_FITS = 0.1


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the right side may stand in for the left one, on one type or on all (None).

    ``difference`` is the right F1 minus the left one; ``entities`` are those in gold.
    """

    label: str | None
    entities: int
    left: Estimate
    right: Estimate
    difference: Estimate
    verdict: Verdict


def against_gold(report: Report, label: str | None, max_loss: float) -> Judgement:
    """Whether the right F1 is at most ``max_loss`` points below the left one.

    On one type, or on all (None).
    """
    first, second = report.titles
    left, right = (side.f1(label) for side in report.sides)
    difference, entities = report.difference(label), report.support(label)
    limit = f"{max_loss:.1f} points"
    verdict = _verdict(
        (difference, -max_loss / 100),
        entities,
        max_loss / 100,
        f"{second}'s F1{f' on {label}' if label else ''} is {right.number()} %, {first}'s "
        f"{left.number()} % (difference {difference.text(sign=True)} points, "
        f"{_basis(report, entities)})",
        f"a loss over the {limit} you accept",
        yes=f"{second} can replace {first}, losing at most {limit}",
        no=f"{second} loses more than {limit} against {first}",
    )
    return Judgement(label, entities, left, right, difference, verdict)


def without_gold(
    agreements: Sequence[Agreement], *, max_loss: float, names: Sequence[str] = ("A", "B")
) -> Verdict:
    """Whether the second's entities, scored against the first's, lack at most so many points of F1.

    If so, the second can't have lost more. If not, only gold tells which of the two is wrong where
    they differ: so the answer is never no.
    """
    first, second = names
    agreement = agreement_estimate(agreements)
    entities = sum(len(one.left.entities) for one in agreements)
    limit = f"{max_loss:.1f} points"
    found = (
        f"{second} finds what {first} finds with F1 {agreement.text()} %, 95 % interval, on "
        f"{count_of(entities, 'entity')} in {count_of(len(agreements), 'line')}"
    )
    given = _verdict(
        (agreement, 1 - max_loss / 100),
        entities,
        max_loss / 100,
        found,
        f"a loss over the {limit} you accept, if {second} is wrong wherever they differ,",
        yes=f"{second} can replace {first}, losing at most {limit}",
        no="only gold tells",
    )
    if given.answer is not Answer.NO:
        return given
    return Verdict(
        Answer.UNDECIDED,
        "Undecided: only gold or your own judgement tells which is right.",
        f"Undecided: gold would tell. {given.sentence.removeprefix('No. ')} Judge the differences.",
    )


def reaches(report: Report, least: float) -> Verdict:
    """Whether the F1 of the right side (the left one alone) is at least ``least``, under 1."""
    name, f1, entities = report.titles[-1], report.sides[-1].f1(), report.support()
    asked = f"the {100 * least:.4g} % asked for"
    return _verdict(
        (f1, least),
        entities,
        1 - least,
        f"{name}'s F1 is {f1.text()} % ({_basis(report, entities)})",
        f"an F1 under {asked}",
        yes=f"{name} reaches {asked}",
        no=f"{name} misses {asked}",
    )


def _verdict(
    held: tuple[Estimate, float],
    entities: int,
    rate: float,
    found: str,
    mishap: str,
    *,
    yes: str,
    no: str,
) -> Verdict:
    """An estimate held against a limit, with enough entities to have met a mishap of ``rate``."""
    answer, more = settle(*held, seen=entities, needed=fewest(rate))
    short, shown = {
        Answer.YES: (f"Yes: {yes}.", "ruled out"),
        Answer.NO: (f"No: {no}.", "shown"),
        Answer.UNDECIDED: (f"Undecided: {more_needed(more)}.", "neither shown nor ruled out"),
    }[answer]
    opening = short if answer is Answer.UNDECIDED else f"{answer.value.capitalize()}."
    return Verdict(answer, short, f"{opening} {found}: {mishap} is {shown}.", more)


def misfit(report: Report) -> str | None:
    """Why gold and model do not fit, so that no verdict can be given; None where they do.

    They do not if there is nothing in gold, no side finds nearly any of it, or none has a label of
    it.
    """
    gold = report.gold_labels
    if not gold:
        return (
            "No verdict, because gold has no entity to count. Check that the file was read as it "
            "is meant (--format, --tag-column), and that it has the labels you count."
        )
    own = set().union(*(report.known or (side.labels for side in report.sides)))
    told = f"Gold has {_listed(gold)}, and what was found is {_listed(own)}"
    reason = "they have no label in common"
    if own & gold:
        f1 = [side.f1() for side in report.sides]
        if any(one.high >= _FITS for one in f1):
            return None
        scores = " and ".join(
            f"{one.number()} % for {name}" for one, name in zip(f1, report.titles, strict=True)
        )
        reason = f"F1 is {scores}, on {count_of(report.support(), 'entity')}"
    return (
        f"No verdict, because gold and model do not fit: {reason}. {told}. Check that the labels "
        "mean the same, that the texts are in the language of the model, and that the file was "
        "read as it is meant."
    )


def _basis(report: Report, entities: int) -> str:
    """What an estimate says, and what it is of."""
    texts = count_of(len(report.gold), "sentence")
    return f"95 % interval, on {count_of(entities, 'entity')} in {texts}"


def _listed(labels: set[str]) -> str:
    return ", ".join(sorted(labels)[:20]) or "nothing"
