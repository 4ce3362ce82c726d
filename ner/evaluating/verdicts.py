"""Can the right side stand in for the left one, against gold or without it? With the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ner.comparing.agreement import Agreement, agreement_estimate
from ner.stats import Estimate
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


def against_gold(
    report: Report, label: str | None = None, max_loss: float | None = None
) -> Judgement:
    """Whether the right F1 is at most ``max_loss`` points below the left one (None: the report's).

    On one type, or on all (None).
    """
    first, second = report.titles
    left, right = (side.f1(label) for side in report.sides)
    difference, entities = report.difference(label), report.support(label)
    loss = report.max_loss if max_loss is None else max_loss
    limit = _points(loss)
    written = f"{abs(100 * difference.value):.1f}"
    aside = f"{written} points {'below' if difference.value < 0 else 'above'}"
    verdict = _verdict(
        (difference, -loss / 100),
        entities,
        loss / 100,
        f"{second}'s F1{f' on {label}' if label else ''} is {right.number()} %, "
        f"{'equal to' if written == '0.0' else aside} {first}'s {left.number()} % "
        f"(95 % interval of the difference {difference.range(sign=True)} points, "
        f"on {_size(report, entities)})",
        {
            Answer.YES: f"a loss over the {limit} you accept is ruled out",
            Answer.NO: f"more than the {limit} you accept",
            Answer.UNDECIDED: f"a loss over the {limit} you accept is neither shown nor ruled out",
        },
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
    limit = _points(max_loss)
    found = (
        f"{second} finds what {first} finds with F1 {agreement.number()} % "
        f"(95 % interval {agreement.range()}, on {count_of(entities, 'entity')} in "
        f"{count_of(len(agreements), 'line')})"
    )
    wrong = f"if {second} is wrong wherever they differ, it loses"
    given = _verdict(
        (agreement, 1 - max_loss / 100),
        entities,
        max_loss / 100,
        found,
        {
            Answer.YES: f"even {wrong} less than the {limit} you accept",
            Answer.NO: f"{wrong} over the {limit} you accept. Judge the differences",
            Answer.UNDECIDED: f"a loss over the {limit} you accept is not ruled out",
        },
        yes=f"{second} can replace {first}, losing at most {limit}",
        no="only gold tells",
    )
    if given.answer is not Answer.NO:
        return given
    return Verdict(
        Answer.UNDECIDED,
        "Undecided: only gold or your own judgement tells which is right.",
        f"Undecided: gold would tell. {given.sentence.removeprefix('No. ')}",
    )


def reaches(report: Report, least: float) -> Verdict:
    """Whether the F1 of the right side (the left one alone) is at least ``least``, under 1."""
    name, f1, entities = report.titles[-1], report.sides[-1].f1(), report.support()
    asked = f"the {100 * least:.4g} % asked for"
    return _verdict(
        (f1, least),
        entities,
        1 - least,
        f"{name}'s F1 is {f1.number()} % (95 % interval {f1.range()}, "
        f"on {_size(report, entities)})",
        {
            Answer.YES: f"it reaches {asked}",
            Answer.NO: f"it stays under {asked}",
            Answer.UNDECIDED: f"whether it reaches {asked} is undecided",
        },
        yes=f"{name} reaches {asked}",
        no=f"{name} misses {asked}",
    )


def _verdict(
    held: tuple[Estimate, float],
    entities: int,
    rate: float,
    found: str,
    reasons: dict[Answer, str],
    *,
    yes: str,
    no: str,
) -> Verdict:
    """An estimate held against a limit, with enough entities to have met a mishap of ``rate``."""
    answer, more = settle(*held, seen=entities, needed=fewest(rate))
    opening = f"{answer.value.capitalize()}."
    short = {Answer.YES: f"Yes: {yes}.", Answer.NO: f"No: {no}."}.get(answer)
    if short is None:
        short = opening = f"Undecided: {more_needed(more)}."
    return Verdict(answer, short, f"{opening} {found}: {reasons[answer]}.", more)


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
    own = set().union(*report.known) or set().union(*(side.labels for side in report.sides))
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


def count_of(number: int, noun: str) -> str:
    """A number of things.

    >>> count_of(1, "entity"), count_of(2000, "error")
    ('1 entity', '2,000 errors')
    """
    plural = {"entity": "entities"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def _points(max_loss: float) -> str:
    return f"{max_loss:.1f} {'point' if max_loss == 1 else 'points'}"


def _size(report: Report, entities: int) -> str:
    return f"{count_of(entities, 'entity')} in {count_of(len(report.gold), 'sentence')}"


def _listed(labels: set[str]) -> str:
    return ", ".join(sorted(labels)[:20]) or "nothing"
