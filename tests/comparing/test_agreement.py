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
    ("right", "kind"),
    [
        ((Entity(0, 12, "PER", 0.5),), Kind.SAME),
        ((Entity(0, 3, "PER", 0.5),), Kind.BOUNDARY),
        ((Entity(0, 12, "ORG", 0.5),), Kind.LABEL),
        ((Entity(4, 12, "ORG", 0.5),), Kind.LABEL),
        ((), Kind.ONLY_LEFT),
    ],
    ids=["same", "boundary", "label", "label and boundary", "only left"],
)
def test_a_pair_tells_how_its_sides_relate(right: tuple[Entity, ...], kind: Kind) -> None:
    """The kind follows from spans and labels, not from scores."""
    (pair,) = align(Tagged(TEXT, (Entity(0, 12, "PER", 0.75),)), Tagged(TEXT, right)).pairs

    assert pair.kind is kind
    assert pair.drift == (-0.25 if right else None)


def test_what_only_the_right_side_found_is_told_so() -> None:
    """An entity of the right side alone is a pair without a left one and without drift."""
    (pair,) = align(Tagged(TEXT), Tagged(TEXT, (Entity(22, 28, "LOC"),))).pairs

    assert pair.kind is Kind.ONLY_RIGHT
    assert pair.drift is None
    assert pair.start == 22


def test_the_larger_overlap_is_paired() -> None:
    """Of two entities that overlap one, the one that overlaps it more is its partner."""
    whole = Entity(0, 12, "PER")
    short, long = Entity(0, 3, "PER"), Entity(4, 12, "PER")

    agreement = align(Tagged(TEXT, (whole,)), Tagged(TEXT, (short, long)))

    assert agreement.pairs == (Pair(whole, long), Pair(None, short))


def test_identical_is_the_share_of_equal_pairs() -> None:
    """One equal pair of two is one half; nothing found on either side is full agreement."""
    ada, london = Entity(0, 12, "PER"), Entity(22, 28, "LOC")

    agreement = align(Tagged(TEXT, (ada, london)), Tagged(TEXT, (ada,)))

    assert agreement.identical == 0.5
    assert agreement.differences == (Pair(london, None),)
    assert align(Tagged(TEXT), Tagged(TEXT)).identical == 1.0


def test_taggings_of_different_texts_are_refused() -> None:
    """Only two taggings of one text can be aligned."""
    with pytest.raises(ValueError, match="same text"):
        align(Tagged("a"), Tagged("b"))


@given(tagging=taggings())
def test_a_tagging_agrees_with_itself(tagging: Tagged) -> None:
    """Nothing differs and nothing drifts between a tagging and itself."""
    agreement = align(tagging, tagging)

    assert agreement.differences == ()
    assert agreement.identical == 1.0
    assert all(pair.drift == 0 for pair in agreement.pairs)


@given(left=taggings(), right=taggings())
def test_every_entity_is_in_one_pair(left: Tagged, right: Tagged) -> None:
    """Both sides can be had back, in order, and pairs are in reading order."""
    agreement = align(left, right)

    assert agreement.left == left
    assert agreement.right == right
    starts = [pair.start for pair in agreement.pairs]
    assert starts == sorted(starts)


@given(left=taggings(), right=taggings())
def test_pairs_are_equal_spans_and_else_overlaps(left: Tagged, right: Tagged) -> None:
    """Equal entities are always paired with each other, and only overlapping ones with others."""
    pairs = align(left, right).pairs

    same = {_span(pair.left) for pair in pairs if pair.kind is Kind.SAME}
    assert {_span(e) for e in left.entities} & {_span(e) for e in right.entities} == same
    assert all(_overlap(pair) > 0 for pair in pairs if pair.drift is not None)


@given(left=taggings(), right=taggings())
def test_nothing_is_left_alone_beside_a_free_partner(left: Tagged, right: Tagged) -> None:
    """Two overlapping entities are never both without a partner."""
    pairs = align(left, right).pairs
    only_left = [pair.left for pair in pairs if pair.right is None]
    only_right = [pair.right for pair in pairs if pair.left is None]

    assert not [1 for one in only_left for other in only_right if _overlap(Pair(one, other)) > 0]
