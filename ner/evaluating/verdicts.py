"""Can the right side stand in for the left one, against gold or without it? With the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ner.comparing.agreement import Agreement, agreement_estimate
from ner.evaluating.evaluation import Evaluation
from ner.stats import Estimate
from ner.verdict import MAX_LOSS, Answer, Verdict, fewest, more_needed, settle

# If not even the upper end of a side's F1 reaches this, gold and model do not fit.
_FITS = 0.1

Names = tuple[str, str]


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
    evaluation: Evaluation,
    *,
    label: str | None = None,
    max_loss: float = MAX_LOSS,
    names: Names = ("A", "B"),
) -> Judgement:
    """Whether the right F1 is at most ``max_loss`` points below the left one."""
    left, right = (evaluation.f1(side, label) for side in (0, 1))
    difference = evaluation.difference(label)
    entities = evaluation.support(label)
    needed = fewest(max_loss / 100)
    answer, more = settle(difference, -max_loss / 100, seen=entities, needed=needed)
    limit = _points(max_loss)
    reason = {
        Answer.YES: f"a loss over the {limit} you accept is ruled out",
        Answer.NO: f"more than the {limit} you accept",
        Answer.UNDECIDED: f"a loss over the {limit} you accept is neither shown nor ruled out",
    }[answer]
    written = f"{abs(100 * difference.value):.1f}"
    aside = f"{written} points {'below' if difference.value < 0 else 'above'}"
    found = (
        f"{names[1]}'s F1{f' on {label}' if label else ''} is {right.number()} %, "
        f"{'equal to' if written == '0.0' else aside} {names[0]}'s {left.number()} % "
        f"(95 % interval of the difference {difference.range(sign=True)} points, "
        f"on {_size(evaluation, entities)})"
    )
    verdict = _verdict(answer, more, found, reason, names, limit)
    return Judgement(label, entities, left, right, difference, verdict)


def without_gold(
    agreements: Sequence[Agreement], *, max_loss: float, names: Names = ("A", "B")
) -> Verdict:
    """Whether the second's entities, scored against the first's, lack at most so many points of F1.

    If so, the second can't have lost more. If not, only gold tells which of the two is wrong where
    they differ: so the answer is never no.
    """
    agreement = agreement_estimate(agreements)
    entities = sum(len(one.left.entities) for one in agreements)
    needed = fewest(max_loss / 100)
    answer, more = settle(agreement, 1 - max_loss / 100, seen=entities, needed=needed)
    limit = _points(max_loss)
    found = (
        f"{names[1]} finds what {names[0]} finds with F1 {agreement.number()} % "
        f"(95 % interval {agreement.range()}, on {count_of(entities, 'entity')} in "
        f"{count_of(len(agreements), 'line')})"
    )
    if answer is Answer.NO:
        return Verdict(
            Answer.UNDECIDED,
            "Undecided: only gold or your own judgement tells which is right.",
            f"Undecided: gold would tell. {found}: if {names[1]} is wrong wherever they differ, it "
            f"loses over the {limit} you accept. Judge what differs.",
        )
    reason = {
        Answer.YES: f"even if {names[1]} is wrong wherever they differ, it loses less than the "
        f"{limit} you accept",
        Answer.UNDECIDED: f"a loss over the {limit} you accept is not ruled out",
    }[answer]
    return _verdict(answer, more, found, reason, names, limit)


def reaches(evaluation: Evaluation, least: float, *, name: str) -> Verdict:
    """Whether the F1 of the right side (the left one alone) is at least this, a fraction under 1.

    ``name`` is what that side is called.
    """
    entities = evaluation.support()
    f1 = evaluation.f1(len(evaluation.sides) - 1)
    answer, more = settle(f1, least, seen=entities, needed=fewest(1 - least))
    asked = f"the {100 * least:.4g} % asked for"
    reason = {
        Answer.YES: f"it reaches {asked}",
        Answer.NO: f"it stays under {asked}",
        Answer.UNDECIDED: f"whether it reaches {asked} is undecided",
    }[answer]
    found = (
        f"{name}'s F1 is {f1.number()} % (95 % interval {f1.range()}, "
        f"on {_size(evaluation, entities)}): {reason}."
    )
    opening = _opening(answer, more)
    short = {Answer.YES: f"Yes: {name} reaches {asked}.", Answer.NO: f"No: {name} misses {asked}."}
    return Verdict(answer, short.get(answer, opening), f"{opening} {found}", more)


def misfit(
    evaluation: Evaluation, known: Sequence[Sequence[str]], names: Sequence[str]
) -> str | None:
    """Why gold and model do not fit, so that no verdict can be given; None where they do.

    They do not if no side finds nearly any of the gold, or none has a label of it. ``known`` is
    what each side can find: what it found, if empty.
    """
    gold = evaluation.gold_labels
    entities = evaluation.support()
    if not gold:
        return None
    own = set().union(*known) or set().union(*(side.labels for side in evaluation.sides))
    told = f"Gold has {_listed(gold)}, and what was found is {_listed(own)}"
    if not own & gold:
        reason = "they have no label in common"
    else:
        f1 = [evaluation.f1(side) for side in range(len(evaluation.sides))]
        if any(one.high >= _FITS for one in f1):
            return None
        scores = " and ".join(
            f"{one.number()} % for {name}" for one, name in zip(f1, names, strict=True)
        )
        reason = f"F1 is {scores}, on {count_of(entities, 'entity')}"
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


def _verdict(
    answer: Answer, more: int | None, found: str, reason: str, names: Names, limit: str
) -> Verdict:
    first, second = names
    opening = _opening(answer, more)
    short = {
        Answer.YES: f"Yes: {second} can replace {first}, losing at most {limit}.",
        Answer.NO: f"No: {second} loses more than {limit} against {first}.",
    }.get(answer, opening)
    return Verdict(answer, short, f"{opening} {found}: {reason}.", more)


def _opening(answer: Answer, more: int | None) -> str:
    if answer is Answer.UNDECIDED:
        return f"Undecided: {more_needed(more)}."
    return f"{answer.value.capitalize()}."


def _points(max_loss: float) -> str:
    return f"{max_loss:.1f} {'point' if max_loss == 1 else 'points'}"


def _size(evaluation: Evaluation, entities: int) -> str:
    return f"{count_of(entities, 'entity')} in {count_of(len(evaluation.gold), 'sentence')}"


def _listed(labels: set[str]) -> str:
    return ", ".join(sorted(labels)[:20]) or "nothing"
