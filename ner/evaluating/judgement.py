"""Judging only what two sides differ on: who is right more often, and how many more would tell.

A card is one entity on which the two sides differ. Where only one side is right, the other makes an
error more: so the answers give the change in errors, and no F1, since what both sides miss, or
both get wrong alike, is on no card.

Who judges looks after every answer and stops when it suits. A test made for one look would then
claim too much; this one may be looked at after each answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ner.comparing.agreement import Agreement, Pair

# The risk of a wrong claim that is taken, as for intervals of 95 %.
ALPHA = 0.05
# Nobody judges more by hand: beyond that, the two are as good as even.
MOST_MORE = 2_000
# How much of a text is shown on either side of a difference, in code points.
AROUND = 160


@dataclass(frozen=True, slots=True)
class Card:
    """A difference to judge: the text's number, from 0, and which part of it is shown.

    ``swapped`` says that the right side's reading stands first where sides are hidden.
    """

    text: int
    pair: Pair
    shown: tuple[int, int]
    swapped: bool


def deal(agreements: Sequence[Agreement], *, seed: int = 0) -> list[Card]:
    """All differences as cards, shuffled: whoever stops early has judged a fair sample of them."""
    mixer = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    cards = [
        Card(number, pair, _around(agreement.text, pair), mixer.random() < 0.5)
        for number, agreement in enumerate(agreements)
        for pair in agreement.differences
    ]
    mixer.shuffle(cards)
    return cards


def _around(text: str, pair: Pair) -> tuple[int, int]:
    """The part of ``text`` that shows ``pair``, cut at white space where there is some."""
    sides = [side for side in (pair.left, pair.right) if side is not None]
    first, last = min(side.start for side in sides), max(side.end for side in sides)
    begin, end = max(0, first - AROUND), min(len(text), last + AROUND)
    if begin:
        space = text.find(" ", begin, first)
        begin = begin if space < 0 else space + 1
    if end < len(text):
        space = text.rfind(" ", last, end)
        end = end if space < 0 else space
    return begin, end


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each answer was given: only the left side is right, only the right one, and so on.

    Raises ``ValueError`` for a number below zero.
    """

    left: int = 0
    right: int = 0
    both: int = 0
    neither: int = 0

    def __post_init__(self) -> None:
        if min(self.left, self.right, self.both, self.neither) < 0:
            raise ValueError("no answer can have been given less than zero times")

    @property
    def judged(self) -> int:
        """All answers."""
        return self.left + self.right + self.both + self.neither

    @property
    def telling(self) -> int:
        """The answers that tell the two sides apart: only one was right."""
        return self.left + self.right

    @property
    def added(self) -> int:
        """How many more errors the right side makes than the left; below zero, how many fewer."""
        return self.left - self.right

    @property
    def p(self) -> float:
        """The p of 'each side is right as often as the other', however often it is looked at.

        One over how much better the answers are explained by a coin of unknown fairness (each
        equally likely beforehand) than by a fair one. Under a fair one the chance that this ever
        falls to x, at whatever answer, is at most x (Ville 1939; Robbins 1970).
        """
        return min(1.0, math.exp(-_evidence(self.left, self.right)))

    @property
    def settled(self) -> bool:
        """Whether one side is right more often, beyond reasonable doubt."""
        return self.p < ALPHA

    @property
    def more(self) -> int | None:
        """About how many more cards would settle it, if it goes on as it did.

        0 where it is settled. None where that can't be told: neither is ahead, or by so little that
        it would take over ``MOST_MORE``.
        """
        if self.settled:
            return 0
        if self.left == self.right:
            return None
        ahead, behind = max(self.left, self.right), min(self.left, self.right)
        share = ahead / self.telling
        for answers in range(1, MOST_MORE + 1):
            evidence = _evidence(ahead + share * answers, behind + (1 - share) * answers)
            if evidence > -math.log(ALPHA):
                return math.ceil(answers * self.judged / self.telling)
        return None


def _evidence(left: float, right: float) -> float:
    """The logarithm of the mean likelihood over all coins, divided by that of the fair coin."""
    mean = math.lgamma(left + 1) + math.lgamma(right + 1) - math.lgamma(left + right + 2)
    return mean + (left + right) * math.log(2)


def leader(tally: Tally, names: tuple[str, str]) -> str | None:
    """Which side is right more often so far; None while neither is."""
    if tally.left == tally.right:
        return None
    return names[0] if tally.left > tally.right else names[1]


def standing_sentence(tally: Tally, names: tuple[str, str], cards: int) -> str:
    """Who is ahead, whether that settles it, and what it would take; ``cards`` are all there are.

    >>> standing_sentence(Tally(left=1, right=13, both=2), ("A", "B"), 40)
    'B is ahead: it alone was right 13 times, A 1 time. That settles it (p = 0.013).'
    """
    ahead = leader(tally, names)
    if not tally.telling:
        return "Nothing tells the two apart yet."
    if ahead is None:
        return f"Even so far: each alone was right {_times(tally.left)}."
    other = names[1] if ahead == names[0] else names[0]
    most, least = max(tally.left, tally.right), min(tally.left, tally.right)
    begun = f"{ahead} is ahead: it alone was right {_times(most)}, {other} {_times(least)}."
    if tally.settled:
        return f"{begun} That settles it (p {_p(tally.p)})."
    return f"{begun} Undecided (p {_p(tally.p)}): {_outlook(tally, cards)}"


def _outlook(tally: Tally, cards: int) -> str:
    rest = cards - tally.judged
    if tally.more is None:
        return "the two are so close that judging by hand will hardly part them."
    about = f"about {tally.more:,} more would settle it if it goes on like this"
    if tally.more <= rest:
        return f"{about}."
    return f"{about}, and {rest:,} are left. Add more text."


def change_sentence(tally: Tally, names: tuple[str, str], cards: int) -> str:
    """What the answers say of the errors of the right side, on the cards judged and on all.

    >>> change_sentence(Tally(left=1, right=9, both=2), ("A", "B"), 24)
    'On the 12 cards judged, B makes 8 fewer errors than A; on all 24, about 16 fewer.'
    """
    if not tally.judged:
        return ""
    left, right = names
    judged = f"On the {tally.judged:,} {'card' if tally.judged == 1 else 'cards'} judged, "
    here = f"{judged}{right} makes {_difference(tally.added)} than {left}"
    if tally.added == 0:
        return f"{judged}{right} makes as many errors as {left}."
    if tally.judged >= cards:
        return f"{here}."
    scaled = round(tally.added * cards / tally.judged)
    return f"{here}; on all {cards:,}, about {abs(scaled):,} {'more' if scaled > 0 else 'fewer'}."


def _difference(errors: int) -> str:
    noun = "error" if abs(errors) == 1 else "errors"
    return f"{abs(errors):,} {'more' if errors > 0 else 'fewer'} {noun}"


def _times(count: int) -> str:
    return f"{count:,} {'time' if count == 1 else 'times'}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
