"""Judging differences: cards from alignments, and a test that may be looked at at any time."""

from __future__ import annotations

import math

import pytest
from fakes import INT8_WORDS, DictionaryTagger
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from ner.comparing.agreement import Agreement, align
from ner.entities import Entity, Tagged
from ner.evaluating.cards import (
    ALPHA,
    AROUND,
    MOST_MORE,
    Tally,
    change_sentence,
    deal,
    standing_sentence,
)

NAMES = ("A", "B")
counts = st.integers(0, 60)
tallies = st.builds(Tally, counts, counts, counts, counts)


def agreements(*lines: str) -> list[Agreement]:
    left, right = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    return [align(left(line), right(line)) for line in lines]


def test_each_difference_is_a_card_and_nothing_else_is() -> None:
    """Wolfgang and Berlin are found alike, so only Paris, Amazon and Oslo are judged."""
    found = agreements("Wolfgang in Paris", "Amazon in Berlin", "Oslo", "nothing")
    cards = deal(found)

    expected = [pair for agreement in found for pair in agreement.differences]
    assert len(expected) == len(cards) == 3
    assert {0, 1, 2} == {card.text for card in cards}
    assert all(card.pair in found[card.text].differences for card in cards)


def test_cards_are_shuffled_alike_each_time() -> None:
    """Over all texts, and both orders of the readings occur."""
    found = agreements(*["Paris and Oslo"] * 40)
    cards = deal(found)

    assert cards == deal(found)
    assert [card.text for card in cards] != sorted(card.text for card in cards)
    assert {True, False} == {card.swapped for card in cards}


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from([" ", "-"]))
def test_a_card_shows_the_difference_with_text_around_it(
    before: int, after: int, space: str
) -> None:
    """Within the text, so much on either side, and no half words where spaces part them."""
    text = f"word{space}" * before + "Paris" + f"{space}word" * after
    start = 5 * before
    found = align(Tagged(text, (Entity(start, start + 5, "LOC"),)), Tagged(text))
    [card] = deal([found])
    begin, end = card.shown

    assert 0 <= begin <= start < start + 5 <= end <= len(text)
    assert start - begin <= AROUND
    assert end - start - 5 <= AROUND
    if space == " ":
        assert set(text[begin:end].split()) <= {"word", "Paris"}
    elif min(before, after) >= AROUND:
        assert (start - AROUND, start + 5 + AROUND) == card.shown


@given(tallies)
def test_p_is_that_of_the_mixture(tally: Tally) -> None:
    """The Beta function of scipy gives the same; which side is which, it does not know."""
    evidence = betaln(tally.left + 1, tally.right + 1) + (tally.left + tally.right) * math.log(2)

    assert tally.p == pytest.approx(min(1.0, math.exp(-evidence)))


def test_who_looks_after_each_of_400_answers_is_seldom_misled() -> None:
    """Exactly: the chance that a fair coin ever settles it, over all ways it can fall."""
    alive, misled = {0: 1.0}, 0.0
    for answers in range(1, 401):
        following: dict[int, float] = {}
        for left, chance in alive.items():
            for now in (left, left + 1):
                if Tally(now, answers - now).settled:
                    misled += chance / 2
                else:
                    following[now] = following.get(now, 0.0) + chance / 2
        alive = following

    assert 0.001 < misled <= ALPHA


@given(tallies)
def test_as_many_more_as_are_named_settle_it(tally: Tally) -> None:
    """If they fall as those before did; a few more for counts that are whole."""
    more = tally.more
    if more is None:
        assert (
            tally.left == tally.right
            or abs(tally.left - tally.right) / (tally.left + tally.right) < 0.3
        )
        return
    if more == 0:
        assert tally.settled
        return
    growth = 1 + (more + 2 * tally.judged) / tally.judged
    assert Tally(round(tally.left * growth), round(tally.right * growth)).settled
    assert more <= MOST_MORE * tally.judged / (tally.left + tally.right) + 1


@pytest.mark.parametrize(
    ("tally", "cards", "standing", "change"),
    [
        (Tally(), 9, "Nothing tells the two apart yet", ""),
        (Tally(both=3), 9, "Nothing tells the two apart yet", "as many errors as A."),
        (Tally(2, 2), 9, "each alone was right 2 times", "On the 4 cards judged, B makes as many"),
        (Tally(1), 1, "A is ahead", "On the 1 card judged, B makes 1 more error than A."),
        (Tally(8), 9, "A is ahead: it alone was right 8 times, B 0 times. That settles it", "9"),
        (Tally(right=4), 9, "about 4 more would settle it if it goes on like this.", "9 fewer"),
        (Tally(right=4), 6, "if it goes on like this, and 2 are left", "on all 6, about 6 fewer"),
        (Tally(60, 59), 400, "so close that judging by hand", "B makes 1 more error than A"),
        (Tally(40), 400, "p < 0.001", "on all 400, about 400 more."),
        (Tally(0, 3, 1), 12, "B is", "B makes 3 fewer errors than A; on all 12, about 9 fewer."),
    ],
)
def test_the_standing_and_the_change_in_errors_are_told(
    tally: Tally, cards: int, standing: str, change: str
) -> None:
    """Who is ahead, whether that is settled and what it would take; of all cards if it goes on."""
    told = change_sentence(tally, NAMES, cards)

    assert standing in standing_sentence(tally, NAMES, cards)
    assert change in told
    assert bool(change) == bool(told)
