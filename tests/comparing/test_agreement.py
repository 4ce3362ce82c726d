import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.comparing.agreement import Kind, Pair, align
from ner.entities import Entity, Tagged

TEXT = "Ada Lovelace lived in London."


@st.composite
def taggings(draw: st.DrawFn, length: int = 20) -> Tagged:
    """A tagging of a text of ``length`` letters with any entities that it may have."""
    borders = sorted(draw(st.sets(st.integers(0, length), max_size=10)))
    entities = tuple(
        Entity(start, end, draw(st.sampled_from(["PER", "LOC"])), draw(st.floats(0, 1)))
        for start, end in itertools.pairwise(borders)
        if draw(st.booleans())
    )
    return Tagged("x" * length, entities)


def _overlap(pair: Pair) -> int:
    if pair.left is None or pair.right is None:
        return 0
    return min(pair.left.end, pair.right.end) - max(pair.left.start, pair.right.start)


def _span(entity: Entity | None) -> tuple[int, int, str] | None:
    return None if entity is None else (entity.start, entity.end, entity.label)


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        ((0, 12, "PER"), (0, 12, "PER"), Kind.SAME),
        ((0, 12, "PER"), (0, 3, "PER"), Kind.BOUNDARY),
        ((0, 12, "PER"), (0, 12, "ORG"), Kind.LABEL),
        ((0, 12, "PER"), (4, 12, "ORG"), Kind.LABEL),
        ((0, 12, "PER"), None, Kind.ONLY_LEFT),
        (None, (22, 28, "LOC"), Kind.ONLY_RIGHT),
    ],
    ids=["same", "boundary", "label", "label and boundary", "only left", "only right"],
)
def test_a_pair_tells_how_its_sides_relate(
    left: tuple[int, int, str] | None, right: tuple[int, int, str] | None, kind: Kind
) -> None:
    """The kind follows from spans and labels, not from scores, which drift."""
    first = (Entity(*left, 0.75),) if left else ()
    second = (Entity(*right, 0.5),) if right else ()
    (pair,) = align(Tagged(TEXT, first), Tagged(TEXT, second)).pairs

    assert pair.kind is kind
    assert pair.drift == (-0.25 if left and right else None)
    assert pair.start == min(one.start for one in (*first, *second))


def test_the_larger_overlap_is_paired() -> None:
    """Of two that overlap one the larger is its partner; equal pairs have a share."""
    whole, london = Entity(0, 12, "PER"), Entity(22, 28, "LOC")
    short, long = Entity(0, 3, "PER"), Entity(4, 12, "PER")

    agreement = align(Tagged(TEXT, (whole, london)), Tagged(TEXT, (short, long, london)))

    assert agreement.differences == (Pair(whole, long), Pair(None, short))
    assert agreement.identical == pytest.approx(1 / 3)
    assert align(Tagged(TEXT), Tagged(TEXT)).identical == 1.0


def test_taggings_of_different_texts_are_refused() -> None:
    """Only two taggings of one text can be aligned."""
    with pytest.raises(ValueError, match="same text"):
        align(Tagged("a"), Tagged("b"))


@given(left=taggings(), right=taggings())
def test_every_entity_is_in_one_pair(left: Tagged, right: Tagged) -> None:
    """Once, and with its side; pairs are in reading order, equal spans or else overlaps.

    No two that overlap are both left without a partner, and a tagging agrees with itself.
    """
    agreement = align(left, right)
    pairs = agreement.pairs
    starts = [pair.start for pair in pairs]
    same = {_span(pair.left) for pair in pairs if pair.kind is Kind.SAME}
    only_left = [pair.left for pair in pairs if pair.right is None]
    only_right = [pair.right for pair in pairs if pair.left is None]

    for side, found in (("left", left), ("right", right)):
        ones = [one for pair in pairs if (one := getattr(pair, side)) is not None]
        assert sorted(ones, key=lambda one: one.start) == list(found.entities)
    assert starts == sorted(starts)
    assert {_span(e) for e in left.entities} & {_span(e) for e in right.entities} == same
    assert all(_overlap(pair) > 0 for pair in pairs if pair.drift is not None)
    assert not [1 for one in only_left for other in only_right if _overlap(Pair(one, other)) > 0]
    assert 1.0 == align(left, left).identical
