"""Segments and windows as pure functions, and texts tagged by them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ner.entities import Entity
from ner.errors import InputError
from ner.models.open import Sides
from ner.tagging import segments
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation, Pieces, Scheme
from ner.tagging.segments import Reading, Segment, cut, pack, stitch
from ner.tagging.tagger import OpenVinoTagger

SCHEME = Scheme.of(("O", "B-PER", "I-PER"))
# Words that the tiny model finds entities in, and all that parts sentences and paragraphs.
words = st.sampled_from(["Wolfgang", "Berlin", "name", "met", "the", "live", "I"])
sentences = st.lists(words, min_size=1, max_size=9).map(lambda found: " ".join(found) + ".")
paragraphs = st.lists(sentences, min_size=1, max_size=9).map(" ".join)
# Each example runs the model on shapes that it has not met.
few_examples = settings(max_examples=30)
readings = st.builds(Reading, st.integers(1, 40), st.integers(0, 20))


def read_by(sides: Sides, reading: Reading, aggregation: Aggregation) -> OpenVinoTagger:
    """The tiny original with another reading."""
    model = replace(sides.left.tagger.model, reading=reading.within(126))
    return replace(sides.left.tagger, model=model, choice=Choice(aggregation))


def spans(entities: tuple[Entity, ...], shift: int = 0) -> list[tuple[int, int, str]]:
    """What was found, ``shift`` characters further on."""
    return [(entity.start + shift, entity.end + shift, entity.label) for entity in entities]


@pytest.mark.parametrize(("length", "context"), [(0, 0), (-1, 3), (8, -1)])
def test_a_reading_that_reads_nothing_is_refused(length: int, context: int) -> None:
    """The message has what was given and what was expected."""
    with pytest.raises(InputError, match=rf"{length} pieces with {context} pieces.*at least 1"):
        Reading(length, context)


@given(reading=readings, window=st.integers(1, 60))
def test_a_reading_fits_the_model(reading: Reading, window: int) -> None:
    """A request never reads more than the model can, and no more than was asked for."""
    fitting = reading.within(window)

    assert fitting.window <= window
    assert fitting.length <= reading.length and fitting.context <= reading.context
    assert fitting == fitting.within(window)


@given(lengths=st.lists(st.integers(1, 50), min_size=1, max_size=20), length=st.integers(1, 100))
def test_packing_keeps_everything_together_and_in_order(lengths: list[int], length: int) -> None:
    """Parts cover all; none is over the length unless it is one sentence; none could be joined."""
    borders = [0, *np.cumsum(lengths).tolist()]
    packed = pack(borders, length)

    assert [0, *(end for _, end in packed)] == [*(start for start, _ in packed), borders[-1]]
    for start, end in packed:
        assert end - start <= length or borders.index(end) == borders.index(start) + 1
    for (start, _), (_, end) in pairwise(packed):
        assert end - start > length


@given(
    words=st.lists(st.sampled_from(["a", "Bb", "end.", "x" * 9]), min_size=1, max_size=60),
    reading=readings,
    data=st.data(),
)
def test_segments_cover_a_text_once(
    words: list[str], reading: Reading, data: st.DataObject
) -> None:
    """In order and without a gap; windows cover them and stay in their paragraph."""
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    inside = st.sets(st.integers(1, len(words) - 1)) if len(words) > 1 else st.just(set[int]())
    breaks = sorted(data.draw(inside))
    starts = ends - [len(word) for word in words]
    numbers, borders = np.arange(len(words)), np.array([0, len(words)])
    pieces = Pieces(starts, ends, numbers, borders, tuple(breaks))
    found = cut([" ".join(words)], pieces, reading)

    assert [0, *(segment.end for segment in found)] == [
        *(segment.start for segment in found),
        len(words),
    ]
    assert set(breaks) <= {segment.start for segment in found}
    for segment in found:
        first = max(piece for piece in [0, *breaks] if piece <= segment.start)
        last = min(piece for piece in [*breaks, len(words)] if piece >= segment.end)
        read = {piece for window in segment.windows for piece in range(*window)}
        assert set(range(segment.start, segment.end)) <= read
        assert first <= min(read) and max(read) < last
        assert len(read) <= segment.end - segment.start + 2 * reading.context
        assert all(end - start <= reading.window for start, end in segment.windows)


@given(length=st.integers(1, 300), size=st.integers(2, 90), start=st.integers(0, 30))
def test_stitching_takes_each_piece_from_a_window_that_read_it(
    length: int, size: int, start: int
) -> None:
    """Rows that tell their piece come back once and in order, and seams lie inside."""
    rows = np.zeros((length + start, 3), dtype=np.float32)
    rows[:, 0] = np.arange(length + start)
    found = segments.windows(0, length + start, size)
    segment = Segment(start, length + start, tuple(found))
    if found[0][1] <= start:
        return  # no window with a context as large as itself occurs

    words = np.ones(length + start, dtype=bool)
    joined, seams = stitch(segment, [rows[begin:end] for begin, end in found], words, SCHEME)

    assert rows[start:].tolist() == joined.tolist()
    assert all(start < seam < start + length for seam in seams)
    assert sorted(set(seams)) == list(seams)


@few_examples
@given(
    first=paragraphs, second=paragraphs, reading=readings, aggregation=st.sampled_from(Aggregation)
)
def test_two_paragraphs_are_tagged_as_each_alone(
    tiny_sides: Sides, first: str, second: str, reading: Reading, aggregation: Aggregation
) -> None:
    """Joined by a blank line they change nothing for each other: context ends at the paragraph."""
    tagger = read_by(tiny_sides, reading, aggregation)
    one, two, both = tagger.tag_many([first, second, f"{first}\n\n{second}"])

    assert spans(both.entities) == [
        *spans(one.entities),
        *spans(two.entities, shift=len(first) + 2),
    ]


@few_examples
@given(
    parts=st.lists(paragraphs, min_size=2, max_size=5),
    between=st.sampled_from(["\n\n", "\r\n\r\n", "\n- ", "\n1. ", "\f", "\u2029"]),
    reading=readings,
    aggregation=st.sampled_from([*Aggregation]),
)
def test_no_entity_crosses_a_paragraph(
    tiny_sides: Sides, parts: list[str], between: str, reading: Reading, aggregation: Aggregation
) -> None:
    """Nor a list item, whatever is found on both sides."""
    text = between.join(part.rstrip(".") for part in parts)

    for entity in read_by(tiny_sides, reading, aggregation)(text).entities:
        assert between.strip(" -1.") not in text[entity.start : entity.end]


@few_examples
@given(text=paragraphs, context=st.integers(0, 9))
def test_a_short_text_is_read_whole(tiny_sides: Sides, text: str, context: int) -> None:
    """One request with all of its pieces, so context changes nothing."""
    whole = read_by(tiny_sides, Reading(126), Aggregation.FIRST)
    length = len(whole.model.encode([text]).ids)
    if length > 126:
        return
    explained = read_by(tiny_sides, Reading(length, context), Aggregation.FIRST).explain(text)

    assert whole.explain(text) == explained
    assert () == explained.seams


@few_examples
@example(parts=["Wolfgang."] * 9, reading=Reading(1, 2))
@given(parts=st.lists(sentences, min_size=8, max_size=40), reading=readings)
def test_seams_lie_where_segments_meet(
    tiny_sides: Sides, parts: list[str], reading: Reading
) -> None:
    """In order and at the beginning of pieces; a text of one segment has none."""
    tagger = read_by(tiny_sides, reading, Aggregation.FIRST)
    explained = tagger.explain(" ".join(parts))
    found = tagger.model.encode([" ".join(parts)]).segments
    starts = [piece.start for piece in explained.pieces]

    assert sorted(set(explained.seams)) == list(explained.seams)
    assert {starts[segment.start] for segment in found[1:]} <= set(explained.seams)
    assert set(explained.seams) <= set(starts)


@few_examples
@given(text=st.text(alphabet="Wolfgang met Berlin.\n-\r\u2029", max_size=400), reading=readings)
def test_any_text_is_read(tiny_sides: Sides, text: str, reading: Reading) -> None:
    """Every piece has probabilities that sum to one, and entities spell themselves."""
    model = read_by(tiny_sides, reading, Aggregation.FIRST).model
    encoded = model.encode([text])
    probabilities, _ = model.probabilities(encoded)

    assert len(encoded.ids) == len(probabilities)
    assert np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
