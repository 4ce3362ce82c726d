"""Decoding against transformers' token-classification pipeline, aggregation by aggregation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.entities import Entity
from ner.errors import ModelRefused
from ner.tagging.decode import Aggregation, Pieces, Scheme, runners_up, seam, softmax
from ner.tagging.decode import decode as decode_all

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
SCHEME = Scheme.of(TAGS)


def pieces_of(*words: int) -> Pieces:
    """Pieces of three characters each; one argument a word, the number of its pieces.

    Words are one space apart.
    """
    starts, numbers = [], []
    position = 0
    for number, count in enumerate(words):
        for _ in range(count):
            starts.append(position)
            numbers.append(number)
            position += 3
        position += 1
    return one_text(starts, [start + 3 for start in starts], numbers)


def one_text(starts: list[int], ends: list[int], words: list[int]) -> Pieces:
    return Pieces(np.array(starts), np.array(ends), np.array(words), np.array([0, len(starts)]))


def decode(
    probabilities: Any, pieces: Pieces, scheme: Scheme, aggregation: Aggregation
) -> tuple[Entity, ...]:
    """The entities of the one text."""
    [entities] = decode_all(probabilities, pieces, scheme, aggregation)
    return entities


def certain(*tags: str, scheme: Scheme = SCHEME) -> Any:
    """Probabilities of 0.9 for the tags given, the rest shared."""
    values = np.full((len(tags), len(scheme.tags)), 0.1 / (len(scheme.tags) - 1), dtype=np.float32)
    for row, tag in enumerate(tags):
        values[row, scheme.tags.index(tag)] = 0.9
    return values


def spans(entities: Any) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.label) for one in entities]


def test_iobes_single_and_end_tags_close_entities() -> None:
    """S- stands alone and nothing continues after E-; the pipeline knows neither."""
    scheme = Scheme.of(("O", "B-PER", "I-PER", "E-PER", "S-PER"))
    probabilities = certain("S-PER", "S-PER", "B-PER", "E-PER", "I-PER", scheme=scheme)

    found = decode(probabilities, pieces_of(1, 1, 1, 1, 1), scheme, Aggregation.FIRST)

    assert [(0, 3, "PER"), (4, 7, "PER"), (8, 15, "PER"), (16, 19, "PER")] == spans(found)


def test_tags_without_a_prefix_are_types() -> None:
    """A model whose labels are plain types joins neighbours of one type."""
    scheme = Scheme.of(("O", "PER", "LOC"))

    found = decode(
        certain("PER", "PER", "LOC", scheme=scheme), pieces_of(1, 1, 1), scheme, Aggregation.FIRST
    )

    assert [(0, 7, "PER"), (8, 11, "LOC")] == spans(found)


def test_a_tag_set_without_entities_is_refused() -> None:
    """A model that only says O can't be used."""
    with pytest.raises(ModelRefused, match="no entity type"):
        Scheme.of(("O",))


def test_pieces_that_share_a_character_give_it_once() -> None:
    """Byte-level tokenizers split one emoji into several pieces with equal offsets."""
    pieces = one_text([0, 0, 1], [1, 1, 2], [0, 0, 0])

    found = decode(certain("B-PER", "B-PER", "B-PER"), pieces, SCHEME, Aggregation.NONE)

    assert [(0, 1, "PER"), (1, 2, "PER")] == spans(found)


def test_margin_is_the_lead_over_another_type() -> None:
    """B-PER against I-PER is no doubt about the type; O and LOC are, and the better one is told."""
    probabilities = np.array(
        [[0.1, 0.5, 0.3, 0.06, 0.04], [0.02, 0.25, 0.05, 0.6, 0.08]], dtype=np.float32
    )

    margins, others = runners_up(probabilities, SCHEME)

    assert margins == pytest.approx([0.4, 0.35])
    assert ["O", "PER"] == [(*SCHEME.types, "O")[other] for other in others]


@pytest.mark.parametrize(
    ("tags", "begins_word", "places"),
    [
        (("O", "O", "B-PER", "I-PER", "I-PER", "O"), [1, 1, 1, 1, 1, 1], (1, 5)),
        (("O", "O", "B-PER", "I-PER", "I-PER", "O"), [1, 0, 1, 1, 1, 1], (5,)),
        # An entity longer than the overlap has to be cut somewhere.
        (["I-PER"] * 6, [1] * 6, (3,)),
        (["I-PER"] * 6, [0] * 6, (3,)),
    ],
)
def test_seam_is_the_nearest_word_outside_entities(
    tags: tuple[str, ...], begins_word: list[int], places: tuple[int, ...]
) -> None:
    """Windows meet where both say O, nearest the middle, at a word's beginning."""
    left = certain(*tags)

    assert seam(left, left, np.array(begins_word, dtype=bool), SCHEME) in places


@st.composite
def predictions(draw: st.DrawFn) -> tuple[Pieces, Any]:
    words = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    seed = draw(st.integers(0, 2**32 - 1))
    logits = np.random.default_rng(seed).normal(scale=3, size=(sum(words), len(TAGS)))
    return pieces_of(*words), softmax(logits.astype(np.float32))


def pipeline_entities(pieces: Pieces, probabilities: Any, aggregation: Aggregation) -> list[Any]:
    """What transformers' pipeline makes of the same predictions, by its own methods."""
    from transformers import TokenClassificationPipeline
    from transformers.pipelines.token_classification import AggregationStrategy

    class Offline(TokenClassificationPipeline):
        def __init__(self) -> None:
            self.model = type("M", (), {})()
            self.model.config = type("C", (), {"id2label": dict(enumerate(TAGS))})()
            self.tokenizer = type("T", (), {})()
            self.tokenizer.convert_tokens_to_string = " ".join

    rows = [
        {
            "word": "x",
            "scores": probabilities[index],
            "start": int(pieces.starts[index]),
            "end": int(pieces.ends[index]),
            "index": index + 1,
            "is_subword": not pieces.begins_word[index],
        }
        for index in range(len(pieces))
    ]
    found = Offline().aggregate(rows, AggregationStrategy(aggregation.value))
    return [
        one for one in found if one.get("entity", "O") != "O" or one.get("entity_group", "O") != "O"
    ]


@pytest.mark.parametrize("aggregation", list(Aggregation), ids=str)
@given(case=predictions())
def test_decoding_equals_the_pipelines(aggregation: Aggregation, case: tuple[Pieces, Any]) -> None:
    """Spans, labels and scores of random predictions are those of transformers' pipeline."""
    pieces, probabilities = case

    ours = decode(probabilities, pieces, SCHEME, aggregation)

    theirs = pipeline_entities(pieces, probabilities, aggregation)
    label = "entity" if aggregation is Aggregation.NONE else "entity_group"
    assert [
        (one["start"], one["end"], one[label].removeprefix("B-").removeprefix("I-"))
        for one in theirs
    ] == spans(ours)
    assert [one.score for one in ours] == pytest.approx(
        [float(one["score"]) for one in theirs], abs=1e-6
    )


def behind_one_another(texts: list[Pieces]) -> Pieces:
    """One ``Pieces`` of several, empty texts between them and around them."""
    lengths = [length for one in texts for length in (0, len(one))] + [0]
    return Pieces(
        *(
            np.concatenate([getattr(one, name) for one in texts])
            for name in ("starts", "ends", "words")
        ),
        borders=np.cumsum([0, *lengths]),
    )


@pytest.mark.parametrize("aggregation", list(Aggregation), ids=str)
@given(cases=st.lists(predictions(), min_size=1, max_size=4))
def test_texts_decoded_together_are_as_decoded_alone(
    aggregation: Aggregation, cases: list[tuple[Pieces, Any]]
) -> None:
    """No entity, word or score crosses from one text to the next; empty texts have none."""
    pieces = behind_one_another([one for one, _ in cases])
    probabilities = np.concatenate([values for _, values in cases])

    found = decode_all(probabilities, pieces, SCHEME, aggregation)

    assert found[::2] == [()] * (len(cases) + 1)
    for together, (one, values) in zip(found[1::2], cases, strict=True):
        alone = decode(values, one, SCHEME, aggregation)
        assert spans(alone) == spans(together)
        assert [e.score for e in together] == pytest.approx([e.score for e in alone])
