import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Annotated, Entity, Explained, Piece, Tagged, bio_tags
from ner.tags import spans_of_tags

TEXT = "Ada Lovelace lived in London."
ADA = Entity(0, 12, "PER", 0.9)
LONDON = Entity(22, 28, "LOC", 0.6)

bio_sequences = st.lists(
    st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=12
)


def _piece(start: int, end: int, word: int, margin: float) -> Piece:
    return Piece(start, end, TEXT[start:end], word, "B-PER", 0.9, margin)


@pytest.mark.parametrize(
    "entities",
    [
        (LONDON, ADA),
        (ADA, Entity(11, 15, "PER")),
        (Entity(3, 3, "PER"),),
        (Entity(22, len(TEXT) + 1, "LOC"),),
        (Entity(-1, 2, "PER"),),
    ],
    ids=["out of order", "overlapping", "empty", "beyond the end", "before the start"],
)
def test_tagged_refuses_entities_that_break_its_promise(entities: tuple[Entity, ...]) -> None:
    """A Tagged with entities out of order, overlapping, empty or outside can't be made."""
    with pytest.raises(ValueError, match="out of order, empty, overlapping or outside"):
        Tagged(TEXT, entities)


@pytest.mark.parametrize(
    ("labels", "threshold", "expected"),
    [
        (None, 0.0, (ADA, LONDON)),
        (["LOC"], 0.0, (LONDON,)),
        ([], 0.0, ()),
        (None, 0.6, (ADA, LONDON)),
        (None, 0.61, (ADA,)),
        (["LOC"], 0.61, ()),
    ],
)
def test_keep_filters_by_label_and_by_score(
    labels: list[str] | None, threshold: float, expected: tuple[Entity, ...]
) -> None:
    """What is kept has one of the labels and a score at or over the threshold."""
    tagged = Tagged(TEXT, (ADA, LONDON))

    assert tagged.keep(labels=labels, threshold=threshold) == Tagged(TEXT, expected)


@pytest.mark.parametrize("entity", [Entity(1, 12, "PER"), Entity(0, 11, "PER")])
def test_annotated_refuses_an_entity_off_token_borders(entity: Entity) -> None:
    """Gold entities begin and end where tokens do."""
    with pytest.raises(ValueError, match="token borders"):
        Annotated(Tagged(TEXT, (entity,)), ((0, 3), (4, 12)))


def test_annotated_tells_its_tokens_and_tags() -> None:
    """Tokens are spelled as in the text, and each has one BIO2 tag."""
    gold = Annotated(Tagged("Ada Lovelace lived", (ADA,)), ((0, 3), (4, 12), (13, 18)))

    assert gold.tokens == ("Ada", "Lovelace", "lived")
    assert gold.tags == ("B-PER", "I-PER", "O")


@given(tags=bio_sequences, gaps=st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_tags_of_spans_of_tags_are_the_repaired_tags(tags: list[str], gaps: list[int]) -> None:
    """Reading tags as spans and writing these as tags keeps spans, wherever the tokens lie."""
    offsets = []
    position = 0
    for gap, _ in zip(gaps, tags, strict=False):
        offsets.append((position + gap, position + gap + 3))
        position += gap + 3
    spans = spans_of_tags(tags)
    entities = [Entity(offsets[a][0], offsets[b - 1][1], label) for a, b, label in spans]

    written = bio_tags(entities, offsets)

    assert spans == spans_of_tags(written)
    assert [tag == "O" for tag in tags] == [tag == "O" for tag in written]


def test_a_tag_covers_its_whole_token() -> None:
    """An entity that covers part of a token takes the token; later ones get what is free."""
    entities = [Entity(0, 3, "ORG"), Entity(4, 9, "PER")]

    assert bio_tags(entities, [(0, 6), (7, 8), (8, 9)]) == ("B-ORG", "B-PER", "I-PER")


def test_margin_is_the_least_of_the_pieces_that_begin_words() -> None:
    """Pieces inside a word don't count, nor do those outside the entity."""
    pieces = (_piece(0, 2, 0, 0.7), _piece(2, 3, 0, 0.1), _piece(4, 12, 1, 0.5))
    explained = Explained(Tagged(TEXT, (ADA, LONDON)), pieces)

    assert {ADA: 0.5, LONDON: 1.0} == explained.margins
