"""Tags are read as seqeval reads them, in whatever notation; labels are mapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.files.tokens import annotate
from ner.tags import map_gold, map_labels, parse_map, read_tags, spans_of_tags, suggest_map

# Any order, also orders that no annotator would write.
sequences = st.lists(
    st.sampled_from(["O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in ("PER", "LOC"))]),
    max_size=10,
)
# One entity type or none, and how many tokens.
entities = st.lists(st.tuples(st.sampled_from(["PER", "LOC", None]), st.integers(1, 3)))
WRITTEN = {
    "BIOES": lambda tag: tag,
    "BILOU": lambda tag: tag.replace("E-", "L-").replace("S-", "U-"),
    "BMES": lambda tag: tag.replace("I-", "M-"),
    "lower case": str.lower,
    "suffix": lambda tag: "-".join(reversed(tag.split("-"))),
    "underscore": lambda tag: tag.replace("-", "_"),
    "suffix with underscore": lambda tag: "_".join(reversed(tag.split("-"))),
    "OUTSIDE": lambda tag: "OUTSIDE" if tag == "O" else tag,
    "B-O": lambda tag: "B-O" if tag == "O" else tag,
    "_": lambda tag: "_" if tag == "O" else tag,
}


@given(tags=sequences)
def test_spans_are_those_of_seqeval(tags: list[str]) -> None:
    """Also of malformed sequences: seqeval's default mode has the rules of conlleval."""
    expected = [(first, last + 1, kind) for kind, first, last in get_entities(tags)]

    assert spans_of_tags(tags) == expected


@pytest.mark.parametrize("notation", WRITTEN)
@given(segments=entities)
def test_every_notation_says_the_same(
    notation: str, segments: list[tuple[str | None, int]]
) -> None:
    """Entities come back with the tokens they were given, neighbours of one type kept apart."""
    tags, expected = [], []
    for kind, length in segments:
        if kind is not None:
            expected.append((len(tags), len(tags) + length, kind))
            prefixes = "S" if length == 1 else f"B{'I' * (length - 2)}E"
            tags += [f"{prefix}-{kind}" for prefix in prefixes]
        else:
            tags += ["O"] * length

    assert spans_of_tags(list(map(WRITTEN[notation], tags))) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["PER", "PER", "out", "LOC"], [(0, 2, "PER"), (3, 4, "LOC")]),
        (["O", "E-mail", "ORG"], [(1, 2, "E-mail"), (2, 3, "ORG")]),
        (["B", "I", "O", "B"], [(0, 2, "ENTITY"), (3, 4, "ENTITY")]),
        (["B-per", "I-per", "O"], [(0, 2, "per")]),
        (["B-creative-work", "I-creative-work"], [(0, 2, "creative-work")]),
        (["I-PER", "I-PER", "B-PER"], [(0, 2, "PER"), (2, 3, "PER")]),
    ],
    ids=["no prefix", "no prefix, a hyphen", "no type", "small type", "hyphens", "IOB1"],
)
def test_tags_that_show_less(tags: list[str], expected: list[tuple[int, int, str]]) -> None:
    """Without prefix neighbours of one type are one entity; types are kept as written."""
    assert spans_of_tags(tags) == expected


@pytest.mark.parametrize("tag", ["X-PER", "B-", "PER", "", "B- "])
def test_a_tag_unlike_the_others_is_refused(tag: str) -> None:
    """One with a prefix means that all have one."""
    with pytest.raises(InputError, match="is neither O nor"):
        spans_of_tags(["B-PER", tag])


def test_labels_get_other_names() -> None:
    """Tags as written before types; an empty name drops the entity."""
    names = parse_map("LABEL_1=B-PER, GPE=LOC,DATE=")

    read = read_tags(["LABEL_1", "B-GPE", "B-DATE", "O"], names)

    assert list(read.values()) == [("B", "PER"), ("B", "LOC"), ("O", ""), ("O", "")]
    gold = annotate(Tagged("Rome today", (Entity(0, 4, "GPE"), Entity(5, 10, "DATE"))))
    mapped = map_gold(gold, names)
    assert mapped.tagged.entities == (Entity(0, 4, "LOC"),)
    assert mapped.token_offsets == gold.token_offsets
    assert map_labels(["GPE", "LOC", "DATE", "PER"], names) == ("LOC", "PER")


@pytest.mark.parametrize("given_map", ["PER", "=PER", "GPE=LOC,GPE=MISC"])
def test_a_map_that_says_nothing_is_refused(given_map: str) -> None:
    """The message shows one that is right."""
    with pytest.raises(InputError, match="person=PER"):
        parse_map(given_map)


def test_likely_maps_are_suggested() -> None:
    """By other names that are usual, and by case; nothing where nothing is alike."""
    told = suggest_map(["per", "geo", "tim"], ["PER", "LOC", "ORG"])
    assert told.endswith("--map per=PER,geo=LOC,tim=.")
    assert suggest_map(["DRUG"], ["PER", "LOC"]) == ""
