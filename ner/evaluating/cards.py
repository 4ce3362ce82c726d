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
from ner.stats import count_of

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


def deal(agreements: Sequence[Agreement]) -> list[Card]:
    """All differences as cards, shuffled: whoever stops early has judged a fair sample of them."""
    mixer = random.Random(0)  # noqa: S311 - nothing secret is drawn
    cards = [
        Card(number, pair, _around(agreement.text, pair), mixer.random() < 0.5)
        for number, agreement in enumerate(agreements)
        for pair in agreement.differences
    ]
    mixer.shuffle(cards)
    return cards


def _around(text: str, pair: Pair) -> tuple[int, int]:
    """The part of ``text`` that shows ``pair``, cut at white space where there is some."""
    begin, end = max(0, pair.start - AROUND), min(len(text), pair.end + AROUND)
    if begin:
        begin = max(begin, text.find(" ", begin, pair.start) + 1)
    if end < len(text):
        space = text.rfind(" ", pair.end, end)
        end = end if space < 0 else space
    return begin, end


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each answer was given: only the left side is right, only the right one, ..."""

    left: int = 0
    right: int = 0
    both: int = 0
    neither: int = 0

    @property
    def judged(self) -> int:
        """All answers."""
        return self.left + self.right + self.both + self.neither

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
        telling = self.left + self.right
        for answers in range(1, MOST_MORE + 1):
            growth = 1 + answers / telling
            if _evidence(self.left * growth, self.right * growth) > -math.log(ALPHA):
                return math.ceil(answers * self.judged / telling)
        return None


def _evidence(left: float, right: float) -> float:
    """The logarithm of the mean likelihood over all coins, divided by that of the fair coin."""
    mean = math.lgamma(left + 1) + math.lgamma(right + 1) - math.lgamma(left + right + 2)
    return mean + (left + right) * math.log(2)


def standing_sentence(tally: Tally, names: tuple[str, str], cards: int) -> str:
    """Who is ahead, whether that settles it, and what it would take; ``cards`` are all there are.

    >>> standing_sentence(Tally(left=1, right=13, both=2), ("A", "B"), 40)
    'B is ahead: it alone was right 13 times, A 1 time. That settles it (p = 0.013).'
    """
    (least, other), (most, ahead) = sorted(zip((tally.left, tally.right), names, strict=True))
    if not most:
        return "Nothing tells the two apart yet."
    if least == most:
        return f"Even so far: each alone was right {count_of(most, 'time')}."
    begun = (
        f"{ahead} is ahead: it alone was right {count_of(most, 'time')}, {other} "
        f"{count_of(least, 'time')}."
    )
    p = "< 0.001" if tally.p < 0.001 else f"= {tally.p:.3f}"
    if tally.settled:
        return f"{begun} That settles it (p {p})."
    rest, more = cards - tally.judged, tally.more
    if more is None:
        outlook = "the two are so close that judging by hand will hardly part them."
    else:
        left = "" if more <= rest else f", and {rest:,} are left. Add more text"
        outlook = f"about {more:,} more would settle it if it goes on like this{left}."
    return f"{begun} Undecided (p {p}): {outlook}"


def change_sentence(tally: Tally, names: tuple[str, str], cards: int) -> str:
    """What the answers say of the errors of the right side, on the cards judged and on all.

    >>> change_sentence(Tally(left=1, right=9, both=2), ("A", "B"), 24)
    'On the 12 cards judged, B makes 8 fewer errors than A; on all 24, about 16 fewer.'
    """
    if not tally.judged:
        return ""
    left, right = names
    judged = f"On the {count_of(tally.judged, 'card')} judged, {right} makes"
    added = tally.left - tally.right
    if added == 0:
        return f"{judged} as many errors as {left}."
    kind = "more" if added > 0 else "fewer"
    here = f"{judged} {count_of(abs(added), f'{kind} error')} than {left}"
    if tally.judged >= cards:
        return f"{here}."
    scaled = abs(round(added * cards / tally.judged))
    return f"{here}; on all {cards:,}, about {scaled:,} {kind}."
