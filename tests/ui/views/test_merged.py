"""The merged text: every character once, places where either side found something, in order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Entity, Explained, Tagged
from ner.ui.views.merged import Place, places

TEXT = "Then New York Times came to Rome."


def side(*spans: tuple[int, int, str], text: str = TEXT, seams: Sequence[int] = ()) -> Explained:
    entities = tuple(Entity(start, end, label, 0.9) for start, end, label in spans)
    return Explained(Tagged(text, entities), (), tuple(seams))


def spelled(place: Place) -> str:
    return "".join(part for stretch in place.stretches for part in stretch.parts)


def test_agreeing_entities_share_a_place() -> None:
    """With both entities, the left one first; what only one side has is none."""
    found = side((28, 32, "LOC"))
    _, place, _ = places(found, found)

    assert "Rome" == spelled(place)
    assert ["left", "right"] == [entity.side for entity in place.found]
    assert [""] == [stretch.alone for stretch in place.stretches]


def test_a_boundary_that_differs_is_cut() -> None:
    """The part that one side alone has is told from what both have."""
    _, place, _ = places(side((9, 19, "ORG")), side((5, 19, "ORG")))

    assert [("New ", "right"), ("York Times", "")] == [
        ("".join(stretch.parts), stretch.alone) for stretch in place.stretches
    ]


def test_one_name_against_two_is_one_place() -> None:
    """Entities that overlap by way of a third stand together, the left side's first."""
    _, place, _ = places(side((5, 19, "ORG")), side((5, 13, "LOC"), (14, 19, "ORG")))

    assert "New York Times" == spelled(place)
    assert [("left", 0), ("right", 0), ("right", 1)] == [
        (entity.side, entity.index) for entity in place.found
    ]


def test_one_side_alone_has_its_places_too() -> None:
    """Where the right side is not served."""
    _, place, _ = places(side((28, 32, "LOC")))

    assert ["left"] == [entity.side for entity in place.found]


def test_seams_cut_the_text_where_they_are() -> None:
    """Within an entity as between two."""
    before, place, _ = places(side((5, 19, "ORG"), seams=(2, 9)))

    assert ("Th", "en ") == before.stretches[0].parts
    assert ("New ", "York Times") == place.stretches[0].parts


@st.composite
def taggings(draw: st.DrawFn) -> Explained:
    borders = sorted(draw(st.sets(st.integers(0, len(TEXT)), max_size=8)))
    spans = list(zip(borders[::2], borders[1::2], strict=False))
    return side(*((start, end, draw(st.sampled_from(["PER", "LOC"]))) for start, end in spans))


@given(taggings(), taggings())
def test_the_text_is_whole_and_every_entity_has_a_place(left: Explained, right: Explained) -> None:
    """The places spell the text, and each entity of either side is at exactly one of them."""
    made = list(places(left, right))

    assert TEXT == "".join(map(spelled, made))
    found = [(entity.side, entity.index) for place in made for entity in place.found]
    expected = [
        (key, index)
        for key, explained in (("left", left), ("right", right))
        for index in range(len(explained.tagged.entities))
    ]
    assert sorted(found) == sorted(expected)
    assert len(found) == len(set(found))
