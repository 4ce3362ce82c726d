"""The parts of training, each by itself: data, batches, loss, scores, vocabulary, BiLSTM."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from ner.entities import Annotated
from ner.errors import FileFormatError, InputError, ModelRefused
from ner.evaluating.documents import join
from ner.files.conll import annotate_tokens
from ner.train import bilstm
from ner.train.batches import collate, draw_epoch, pack, padding_share, plan_batches
from ner.train.data import (
    IGNORED,
    Encoder,
    Example,
    Pool,
    Text,
    read_corpus,
    tag_names,
)
from ner.train.loop import AveragedWeights
from ner.train.metrics import count_entities, masked_loss
from ner.train.pools import change_case, chunk_documents, names_by_type, swap_copies
from ner.train.publish import learning_curve
from ner.train.settings import DataSource
from ner.train.vocabulary import (
    SPECIAL_PIECES,
    base_pieces,
    cased_variants,
    choose_pieces,
    overlay_embeddings,
    to_pretrained,
    wordpiece,
)

TAGS = tag_names(("LOC", "PER"))
LETTERS = "abcdefghijklmnopqrstuvwxyz.-'"


def example(length: int) -> Example:
    """An example of so many pieces, none of them labelled."""
    return Example((7,) * length, (IGNORED,) * length, (), (), (True,) * len(TAGS))


def tokenizer(*words: str) -> Tokenizer:
    """Letters, and some whole words."""
    upper = LETTERS[:26].upper()
    letters = [*LETTERS, *upper]
    return wordpiece([*SPECIAL_PIECES, *letters, *(f"##{letter}" for letter in letters), *words])


def encode(sentence: Annotated, *, learnt: tuple[str, ...] = ("LOC", "PER")) -> Example:
    """One sentence as an example."""
    encoder = Encoder(to_pretrained(tokenizer("lives", "in"), max_pieces=512), TAGS)
    return encoder([sentence], frozenset(learnt))[0]


def labels_of(encoded: Example) -> list[str]:
    """The tags of the labelled pieces; ``-`` where the loss looks away."""
    return ["-" if label == IGNORED else TAGS[label] for label in encoded.labels]


# Data


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
    short = Encoder(to_pretrained(tokenizer(), max_pieces=4), TAGS)
    sentence = annotate_tokens(["al", "di"], ["B-PER", "B-PER"])

    encoded = short([sentence], frozenset({"PER"}))[0]

    assert encoded.first_pieces == (1, -1)
    assert len(encoded.piece_ids) == 4


def test_joined_sentences_keep_tokens_and_tags() -> None:
    """A chunk of a document reads as its sentences behind one another."""
    first = annotate_tokens(["Al", "ran"], ["B-PER", "O"])
    second = annotate_tokens(["In", "Oslo"], ["O", "B-LOC"])

    joined = join([first, second])

    assert joined.tokens == ("Al", "ran", "In", "Oslo")
    assert joined.tags == ("B-PER", "O", "O", "B-LOC")


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(4, 20))
def test_chunks_hold_consecutive_sentences_within_the_limit(lengths: list[int], words: int) -> None:
    """No chunk is longer than asked for, none is a lone sentence, and order is kept."""
    document = [Text(annotate_tokens([f"w{i}"] * n, ["O"] * n)) for i, n in enumerate(lengths)]

    chunks = [text.sentence for text in chunk_documents([document], words, seed=0)]

    seen = [token for chunk in chunks for token in chunk.tokens]
    assert all(len(set(chunk.tokens)) > 1 for chunk in chunks)
    assert all(len(chunk.tokens) <= words for chunk in chunks)
    assert seen == sorted(seen, key=lambda token: int(token[1:]))


def test_case_that_changes_the_length_is_left_alone() -> None:
    """'ß' becomes 'SS': offsets would no longer fit, so there is no such variant."""
    assert change_case(annotate_tokens(["Straße"], ["B-LOC"]), str.upper) is None
    lowered = change_case(annotate_tokens(["Oslo"], ["B-LOC"]), str.lower)
    assert lowered is not None
    assert lowered.tokens == ("oslo",)


def test_other_names_take_the_place_of_entities_and_leave_all_else() -> None:
    """Types, their order and the words around stay; names in headlines are in capitals."""
    news = annotate_tokens(
        ["Ada", "Byron", "met", "Grace", "in", "Oslo"],
        ["B-PER", "I-PER", "O", "B-PER", "O", "B-LOC"],
    )
    headline = annotate_tokens(["OSLO", "COLD"], ["B-LOC", "O"])
    names = {"PER": [("Mary", "Ann", "Evans")], "LOC": [("Lima",)]}

    versions = swap_copies([news, headline], names, copies=30, seed=1)

    assert len(versions) > 30
    for version in versions:
        entities = [version.tagged.text[e.start : e.end] for e in version.tagged.entities]
        labels = [entity.label for entity in version.tagged.entities]
        if "COLD" in version.tokens:
            assert version.tokens == ("LIMA", "COLD")
            continue
        assert labels == ["PER", "PER", "LOC"]
        assert set(entities) & {"Mary Ann Evans", "Lima"}
        assert set(entities) <= {"Ada Byron", "Grace", "Oslo", "Mary Ann Evans", "Lima"}
        assert [word for word in version.tokens if word in ("met", "in")] == ["met", "in"]


def test_names_are_distinct_and_cased() -> None:
    """Names from lower-cased texts and @mentions would teach the wrong spelling."""
    sentences = [
        annotate_tokens(["Oslo", "and", "oslo"], ["B-LOC", "O", "B-LOC"]),
        annotate_tokens(["@Ada", "in", "Oslo"], ["B-PER", "O", "B-LOC"]),
    ]
    assert names_by_type(sentences) == {"LOC": (("Oslo",),)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", DataSource(Path("a/b"))),
        ("a:0.5", DataSource(Path("a"), 0.5)),
        ("a:2:PER,LOC", DataSource(Path("a"), 2.0, ("PER", "LOC"))),
    ],
)
def test_data_source_is_read_from_the_command_line(text: str, expected: DataSource) -> None:
    """Folder, weight and labels, the latter two optional; printing it reads back the same."""
    assert DataSource.parse(text) == expected
    assert DataSource.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["a:much", "a:0", "a:-1"])
def test_data_source_with_an_unusable_weight_is_refused(text: str) -> None:
    """The message repeats what was given."""
    with pytest.raises(InputError, match="a"):
        DataSource.parse(text)


def test_label_that_the_training_file_lacks_is_refused(tmp_path: Path) -> None:
    """A misspelt label would otherwise train on nothing, silently."""
    (tmp_path / "train.txt").write_text("Al\tB-PER\n", "utf-8")

    with pytest.raises(FileFormatError, match="no entity of type PERSON"):
        read_corpus(DataSource(tmp_path, labels=("PERSON",)))


# Batches


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_pack_uses_each_example_once_within_the_budget(lengths: list[int], budget: int) -> None:
    """Padded size stays within the budget, except for a single example that exceeds it."""
    batches = pack(range(len(lengths)), lengths, budget)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(st.integers(0, 20), st.sampled_from([0.25, 0.5, 1.0, 1.5, 3.0]))
def test_epoch_draws_each_pool_by_its_weight(size: int, weight: float) -> None:
    """Whole parts of a weight repeat everything; the rest is a sample without repetition."""
    pools = [Pool("a", 1.0, (example(3),) * 5), Pool("b", weight, (example(4),) * size)]

    drawn = draw_epoch(pools, random.Random(0))  # noqa: S311 - no secret

    counts = [drawn.count(5 + index) for index in range(size)]
    assert sorted(index for index in drawn if index < 5) == list(range(5))
    assert sum(counts) == int(weight) * size + round((weight % 1) * size)
    assert all(int(weight) <= count <= int(weight) + 1 for count in counts)


def test_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    """The plan depends on the seed alone, so that a resumed run meets the batches it had left."""
    pools = [Pool("a", 1.0, tuple(example(1 + i % 9) for i in range(50)))]

    long, short = (plan_batches(pools, epochs=e, budget=30, seed=5) for e in (3, 1.5))

    assert short == long[: len(short)]
    assert len(short) == len(long) // 2


def test_padding_share_counts_what_is_not_text() -> None:
    """Lengths 2 and 4 in one batch: two of eight pieces are padding."""
    assert padding_share([[0, 1]], [2, 4]) == 0.25
    assert padding_share([[0], [1]], [2, 4]) == 0.0
    assert padding_share([[0], [1]], [2, 4], pad_to=6) == 0.5


def test_collate_pads_to_the_longest_of_the_batch() -> None:
    """Ids, mask and labels agree on where the text ends."""
    batch = collate([example(2), example(4)], pad_id=9)

    assert batch["input_ids"].tolist() == [[7, 7, 9, 9], [7, 7, 7, 7]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert batch["labels"].shape == (2, 4)
    assert batch["allowed"].shape == (2, len(TAGS))


def test_fixed_length_batches_hold_texts_as_they_come() -> None:
    """The baseline pads everything to one length, and uses each text as often."""
    pools = [Pool("a", 1.0, tuple(example(1 + i % 9) for i in range(50)))]

    plan = plan_batches(pools, epochs=1, budget=30, seed=5, by_length=False)
    batch = collate([example(2)], pad_id=9, pad_to=5)

    assert sorted(index for batch in plan for index in batch) == list(range(50))
    assert {len(batch) for batch in plan[:-1]} == {6}
    assert batch["input_ids"].tolist() == [[7, 7, 9, 9, 9]]


# Loss and scores


def test_masked_class_gets_no_gradient() -> None:
    """Where a source doesn't annotate a class, its logit is left as it is; others learn."""
    logits = torch.randn(2, 3, len(TAGS), requires_grad=True)
    labels = torch.tensor([[0, 1, IGNORED], [0, 3, 0]])
    allowed = torch.tensor([[True, True, True, False, False], [True] * 5])

    masked_loss(logits, labels, allowed).backward()

    assert logits.grad is not None
    assert torch.all(logits.grad[0, :, 3:] == 0)
    assert torch.all(logits.grad[0, :2, :3] != 0)
    assert torch.all(logits.grad[0, 2] == 0)
    assert torch.all(logits.grad[1] != 0)


def test_loss_without_masks_is_cross_entropy() -> None:
    """The oracle is torch's own mean over labelled pieces."""
    logits, labels = torch.randn(2, 4, 5), torch.tensor([[0, 1, 2, IGNORED], [4, 3, 0, IGNORED]])

    loss = masked_loss(logits, labels, torch.ones(2, 5, dtype=torch.bool))

    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    torch.testing.assert_close(loss, expected)


def bio2(length: int) -> st.SearchStrategy[list[str]]:
    """Well-formed BIO2 tags, made by turning an I- that continues nothing into B-."""

    def repair(tags: list[str]) -> list[str]:
        for i, tag in enumerate(tags):
            before = tags[i - 1] if i else "O"
            if tag.startswith("I") and before[2:] != tag[2:]:
                tags[i] = f"B{tag[1:]}"
        return tags

    return st.lists(st.sampled_from(TAGS), min_size=length, max_size=length).map(repair)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(bio2(n), bio2(n))))
def test_counts_equal_seqeval(pair: tuple[list[str], list[str]]) -> None:
    """The oracle is seqeval in strict mode."""
    gold, predicted = pair

    counts = count_entities([predicted], [gold])

    expected = [
        score([gold], [predicted], mode="strict", scheme=IOB2, zero_division=0)
        for score in (precision_score, recall_score, f1_score)
    ]
    assert [counts.precision, counts.recall, counts.f1] == pytest.approx(expected)


def test_averaged_weights_swap_in_and_out() -> None:
    """Swapping twice restores the parameters; the average lags behind them."""
    model = torch.nn.Linear(2, 2)
    average = AveragedWeights(model, 0.5, every=1)
    before = model.weight.detach().clone()
    with torch.no_grad():
        model.weight += 1.0
    average.update(1000)

    average.swap()
    averaged = model.weight.detach().clone()
    average.swap()

    torch.testing.assert_close(averaged, before + 0.5)
    torch.testing.assert_close(model.weight.detach(), before + 1.0)


def test_learning_curve_tells_its_content_in_words() -> None:
    """The picture has a title for those who can't see it, and one dot per evaluation."""
    history = [{"step": 5, "loss": 2.0}, {"step": 10, "loss": 1.0}, {"step": 10, "eval_f1": 0.875}]

    svg = learning_curve(history)

    assert "best F1 87.5" in svg
    assert svg.count("<circle") == 1


# Vocabulary


def test_cased_vocabulary_tells_upper_from_lower_case() -> None:
    """Both start near the same embedding and end as different pieces."""
    base = [*SPECIAL_PIECES, "u", "s", "##s", "us", "oslo"]
    variants = cased_variants(base)

    assert {"US", "Us", "us", "OSLO", "Oslo", "##S", "U"} <= set(variants)
    assert variants["US"].base == "us"
    encoded = wordpiece(list(variants)).encode("US us Oslo", add_special_tokens=False)
    assert encoded.tokens == ["US", "us", "Oslo"]


def test_pruned_vocabulary_keeps_characters_and_what_is_used_most() -> None:
    """Size is kept to; no word of known characters becomes [UNK]."""
    base = [*SPECIAL_PIECES, *LETTERS, *(f"##{c}" for c in LETTERS), "oslo", "lima", "rome"]
    variants = cased_variants(base)
    size = sum(len(piece.removeprefix("##")) == 1 for piece in variants) + len(SPECIAL_PIECES) + 2

    kept = choose_pieces(variants, [(["Rome Rome lima"], 1.0), (["OSLO"], 5.0)], size)

    assert kept[-2:] == ["OSLO", "Rome"]
    assert len(kept) == size
    encoded = wordpiece(kept).encode("McDonald's LIMA", add_special_tokens=False)
    assert "[UNK]" not in encoded.tokens


def test_variants_start_near_their_lower_case_form() -> None:
    """All variants of one kind share one offset, small beside the embeddings' own spread."""
    base = [*SPECIAL_PIECES, "us", "oslo"]
    variants = cased_variants(base)
    pieces = ["us", "US", "oslo", "OSLO"]
    embeddings = torch.randn(len(base), 64, generator=torch.Generator().manual_seed(0))
    ids = {piece: index for index, piece in enumerate(base)}

    laid = overlay_embeddings(embeddings, ids, pieces, variants, seed=1)

    torch.testing.assert_close(laid[0], embeddings[ids["us"]])
    torch.testing.assert_close(laid[1] - laid[0], laid[3] - laid[2])
    assert 0 < (laid[1] - laid[0]).std() < 0.5 * embeddings.std()


def test_tokenizer_survives_saving(tmp_path: Path) -> None:
    """AutoTokenizer reads it back with the same pieces, ids and offsets."""
    fresh = to_pretrained(tokenizer("lives"), max_pieces=64)
    fresh.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "José lives in-between."

    expected, actual = (t(text, return_offsets_mapping=True) for t in (fresh, loaded))

    assert dict(actual) == dict(expected)
    assert base_pieces(loaded) == base_pieces(fresh)
    assert text[slice(*actual["offset_mapping"][4])] == "é"


# BiLSTM


@pytest.fixture
def model() -> bilstm.BiLstm:
    """A small one with random weights."""
    torch.manual_seed(3)
    return bilstm.BiLstm(bilstm.BiLstmConfig(TAGS, n_pieces=40, embedding_width=8)).eval()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_mirrored_positions_reverse_the_text_and_not_the_padding(lengths: list[int]) -> None:
    """Each row is reversed within its length; twice is the identity."""
    mask = torch.tensor([[int(i < n) for i in range(max(lengths))] for n in lengths])

    mirror = bilstm.mirror_positions(mask)

    for row, length in zip(mirror.tolist(), lengths, strict=True):
        assert row[:length] == list(range(length))[::-1]
        assert row[length:] == list(range(length, len(row)))
    identity = torch.arange(max(lengths)).expand_as(mirror)
    assert torch.equal(torch.gather(mirror, 1, mirror), identity)


def test_padding_does_not_change_what_the_bilstm_sees(model: bilstm.BiLstm) -> None:
    """A text gets the same logits alone as beside a longer one."""
    short, long = torch.randint(1, 40, (1, 5)), torch.randint(1, 40, (1, 9))
    padded = torch.cat([torch.nn.functional.pad(short, (0, 4)), long])
    mask = (torch.arange(9) < torch.tensor([[5], [9]])).long()

    together = model(padded, mask)

    torch.testing.assert_close(together[:1, :5], model(short, torch.ones_like(short)))
    torch.testing.assert_close(together[1:], model(long, torch.ones_like(long)))


def test_bilstm_reads_in_both_directions(model: bilstm.BiLstm) -> None:
    """Changing the last piece changes the first one's logits, and the other way round."""
    ids = torch.tensor([[1, 2, 3]])
    mask = torch.ones_like(ids)
    base = model(ids, mask)

    assert not torch.allclose(model(torch.tensor([[1, 2, 9]]), mask)[0, 0], base[0, 0])
    assert not torch.allclose(model(torch.tensor([[9, 2, 3]]), mask)[0, 2], base[0, 2])


def test_saved_bilstm_gives_the_same_logits(model: bilstm.BiLstm, tmp_path: Path) -> None:
    """Only half precision lies between what was saved and what is loaded."""
    ids = torch.randint(0, 40, (2, 6))
    mask = torch.ones_like(ids)

    bilstm.save(model, tmp_path)
    loaded = bilstm.load(tmp_path)

    torch.testing.assert_close(loaded(ids, mask), model(ids, mask), atol=1e-3, rtol=1e-2)
    assert loaded.shape == model.shape


def test_folder_of_another_model_is_no_bilstm(tmp_path: Path) -> None:
    """The message says what it holds."""
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', "utf-8")

    with pytest.raises(ModelRefused, match="'bert'"):
        bilstm.load(tmp_path)
