"""From sentences to batches: labels of word pieces, pools, what an epoch draws, padding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fakes import annotate_tokens
from hypothesis import given
from hypothesis import strategies as st
from tiny_language import tokenizer_of

from ner.entities import Annotated
from ner.errors import InputError
from ner.train.batches import collate, draw_epoch, pack, plan_batches
from ner.train.data import IGNORED, Encoder, Example, Text, read_corpora, tag_names
from ner.train.pools import change_case, chunk_documents
from ner.train.settings import Source

TAGS = tag_names(("LOC", "PER"))


def example(length: int) -> Example:
    """An example of so many pieces, none of them labelled."""
    return Example((7,) * length, (IGNORED,) * length, (), (), (True,) * len(TAGS))


def encode(
    sentence: Annotated, *, learnt: tuple[str, ...] = ("LOC", "PER"), max_pieces: int = 64
) -> Example:
    """One sentence as an example."""
    encoder = Encoder(tokenizer_of("lives", "in", max_pieces=max_pieces), TAGS)
    return encoder([Text(sentence)], frozenset(learnt))[0]


def labels_of(encoded: Example) -> list[str]:
    """The tags of the labelled pieces; ``-`` where the loss looks away."""
    return ["-" if label == IGNORED else TAGS[label] for label in encoded.labels]


def test_every_word_of_a_gold_token_carries_its_label() -> None:
    """B- stands on the first piece of an entity only; dots and hyphens inside it get I-."""
    sentence = annotate_tokens(["U.S.", "in", "Al", "Di"], ["B-LOC", "O", "B-PER", "I-PER"])

    encoded = encode(sentence)

    assert labels_of(encoded) == [
        "-", "B-LOC", "I-LOC", "I-LOC", "I-LOC", "O", "B-PER", "I-PER", "I-PER", "I-PER", "-",
    ]  # fmt: skip
    assert encoded.first_pieces == (1, 5, 6, 8)


def test_type_that_is_not_learnt_is_left_out_of_the_loss() -> None:
    """A gold PER is neither PER nor O for a source from which only LOC is learnt."""
    sentence = annotate_tokens(["al", "in", "di"], ["B-PER", "O", "B-LOC"])

    encoded = encode(sentence, learnt=("LOC",))

    assert labels_of(encoded) == ["-", "-", "-", "O", "B-LOC", "I-LOC", "-"]
    assert encoded.allowed == (True, True, True, False, False)


def test_token_beyond_the_longest_input_has_no_piece() -> None:
    """What is cut off can't be found, and doesn't disturb what was kept."""
    encoded = encode(annotate_tokens(["al", "di"], ["B-PER", "B-PER"]), max_pieces=4)

    assert encoded.first_pieces == (1, -1)
    assert len(encoded.piece_ids) == 4


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(4, 20))
def test_chunks_hold_consecutive_sentences_within_the_limit(lengths: list[int], words: int) -> None:
    """No chunk is longer than asked for, none is a lone sentence, and order is kept."""
    document = [Text(annotate_tokens([f"w{i}"] * n, ["O"] * n)) for i, n in enumerate(lengths)]

    rng = random.Random(0)  # noqa: S311 - no secret
    chunks = [text.sentence for text in chunk_documents([document], words, rng)]

    seen = [token for chunk in chunks for token in chunk.tokens]
    assert all(len(set(chunk.tokens)) > 1 for chunk in chunks)
    assert all(len(chunk.tokens) <= words for chunk in chunks)
    assert seen == sorted(seen, key=lambda token: int(token[1:]))


def test_case_that_changes_the_length_is_left_alone() -> None:
    """'ß' becomes 'SS': offsets would no longer fit, so there is no such variant."""
    assert change_case(Text(annotate_tokens(["Straße"], ["B-LOC"])), str.upper) is None
    lowered = change_case(Text(annotate_tokens(["Oslo"], ["B-LOC"])), str.lower)
    assert lowered is not None
    assert lowered.sentence.tokens == ("oslo",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", Source(Path("a/b"))),
        ("a:0.5", Source(Path("a"), 0.5)),
        ("a.txt:2:PER,LOC", Source(Path("a.txt"), 2.0, ("PER", "LOC"))),
        (r"C:\data\news:2", Source(Path(r"C:\data\news"), 2.0)),
    ],
)
def test_source_is_read_from_the_command_line(text: str, expected: Source) -> None:
    """Path, weight and labels, the latter two optional; printing it reads back the same."""
    assert Source.parse(text) == expected
    assert Source.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["a:much", "a:0", "a:-1", "a:inf", "a:nan"])
def test_source_with_an_unusable_weight_is_refused(text: str) -> None:
    """The message repeats what was given."""
    with pytest.raises(InputError, match=text):
        Source.parse(text)


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_pack_uses_each_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    """Padded size stays within the budget, except for a single text that exceeds it."""
    batches = pack(range(len(lengths)), lengths, budget)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(st.integers(0, 20), st.sampled_from([0.25, 0.5, 1.0, 1.5, 3.0]))
def test_epoch_draws_each_pool_by_its_weight(size: int, weight: float) -> None:
    """Whole parts of a weight repeat everything; the rest is a sample without repetition."""
    drawn = draw_epoch([(1.0, range(5)), (weight, range(size))], random.Random(0))  # noqa: S311 - no secret

    counts = [drawn.count(5 + index) for index in range(size)]
    assert sorted(index for index in drawn if index < 5) == list(range(5))
    assert sum(counts) == int(weight) * size + round((weight % 1) * size)
    assert all(int(weight) <= count <= int(weight) + 1 for count in counts)


def test_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    """The plan depends on the seed alone, so that a resumed run has the batches it had left."""
    pools = [(1.0, [1 + i % 9 for i in range(50)])]

    long, short = (plan_batches(pools, epochs=e, budget=30, seed=5) for e in (3, 1.5))

    assert short == long[: len(short)]
    assert len(short) == len(long) // 2


def test_collate_pads_to_the_longest_of_the_batch() -> None:
    """Ids, mask and labels agree on where the text ends."""
    batch = collate([example(2), example(4)], pad_id=9)

    assert batch["input_ids"].tolist() == [[7, 7, 9, 9], [7, 7, 7, 7]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch["labels"].shape == (2, 4)
    assert batch["allowed"].shape == (2, len(TAGS))


def test_labels_get_other_names(tmp_path: Path) -> None:
    """In every split; what is mapped to nothing is no entity."""
    for split in ("train", "dev"):
        (tmp_path / f"{split}.txt").write_text("Ada\tB-person\nin\tO\nBonn\tB-city\n")

    (corpus,) = read_corpora([Source(tmp_path)], {"person": "PER", "city": ""})

    for split in (corpus.train, corpus.dev):
        assert [("B-PER", "O", "O")] == [one.tags for one in split]
