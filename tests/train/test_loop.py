"""Loss, scores, averaged weights, and the BiLSTM, each by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2
from torch import nn
from torch.nn.functional import cross_entropy

from ner.train import bilstm
from ner.train.data import IGNORED, Example, label_maps, tag_names
from ner.train.loop import masked_loss, move_average
from ner.train.scores import evaluate

TAGS = tag_names(("LOC", "PER"))


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


@pytest.mark.parametrize("soft", [None, torch.zeros(2, 4, 5)], ids=["no teacher", "silent"])
def test_loss_without_masks_is_cross_entropy(soft: torch.Tensor | None) -> None:
    """The oracle is torch's own mean over labelled pieces."""
    logits, labels = torch.randn(2, 4, 5), torch.tensor([[0, 1, 2, IGNORED], [4, 3, 0, IGNORED]])

    loss = masked_loss(logits, labels, torch.ones(2, 5, dtype=torch.bool), soft, 0.5)

    torch.testing.assert_close(loss, cross_entropy(logits.flatten(0, 1), labels.flatten()))


def test_loss_mixes_gold_and_teacher_where_both_speak() -> None:
    """(1 - w) gold + w teacher on a piece with both, all of the one that speaks elsewhere."""
    logits = torch.randn(1, 4, 5)
    labels = torch.tensor([[1, 2, IGNORED, IGNORED]])
    soft = torch.softmax(torch.randn(1, 4, 5), -1)
    soft[0, 1] = soft[0, 3] = 0.0  # piece 0 has both, 1 gold, 2 teacher, 3 nothing

    loss = masked_loss(logits, labels, torch.ones(1, 5, dtype=torch.bool), soft, 0.25)

    gold = cross_entropy(logits[0, :2], labels[0, :2], reduction="none")
    taught = cross_entropy(logits[0, [0, 2]], soft[0, [0, 2]], reduction="none")
    expected = (0.75 * gold[0] + 0.25 * taught[0] + gold[1] + taught[1]) / 3
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


class Parrot(nn.Module):
    """Gives each piece the tag that its id names."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=nn.functional.one_hot(input_ids, len(TAGS)))


@given(st.lists(st.integers(1, 9).flatmap(lambda n: st.tuples(bio2(n), bio2(n))), min_size=1))
def test_counts_equal_seqeval(pairs: list[tuple[list[str], list[str]]]) -> None:
    """The oracle is seqeval in strict mode."""
    gold, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    examples = [
        Example(
            tuple(map(TAGS.index, found)), (), tuple(range(len(found))), tuple(right), (True,) * 5
        )
        for right, found in pairs
    ]

    counts = evaluate(Parrot(), SimpleNamespace(tags=TAGS, pad_id=0), examples)

    expected = [
        score(gold, predicted, mode="strict", scheme=IOB2, zero_division=0)
        for score in (precision_score, recall_score, f1_score)
    ]
    assert [counts.precision, counts.recall, counts.f1] == pytest.approx(expected)


def test_average_follows_the_weights_slowly() -> None:
    """It begins fast; later each eight steps move it by 1 - decay^8 of the distance."""
    average, current = torch.zeros(2), torch.ones(2)

    move_average([average], [current], 0, decay=0.9)
    torch.testing.assert_close(average, torch.full((2,), 1 - (9 / 18) ** 8))
    average.zero_()
    move_average([average], [current], 1000, decay=0.9)
    torch.testing.assert_close(average, torch.full((2,), 1 - 0.9**8))


@pytest.fixture
def model() -> bilstm.BiLstm:
    """A small one with random weights."""
    torch.manual_seed(3)
    shape = {"n_pieces": 40, "embedding_width": 8}
    return bilstm.BiLstm(bilstm.BiLstmConfig(**shape, **label_maps(TAGS))).eval()


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

    together = model(padded, mask).logits

    torch.testing.assert_close(together[:1, :5], model(short, torch.ones_like(short)).logits)
    torch.testing.assert_close(together[1:], model(long, torch.ones_like(long)).logits)


def test_bilstm_reads_in_both_directions(model: bilstm.BiLstm) -> None:
    """Changing the last piece changes the first one's logits, and the other way round."""
    ids = torch.tensor([[1, 2, 3]])
    mask = torch.ones_like(ids)
    base = model(ids, mask).logits

    assert not torch.allclose(model(torch.tensor([[1, 2, 9]]), mask).logits[0, 0], base[0, 0])
    assert not torch.allclose(model(torch.tensor([[9, 2, 3]]), mask).logits[0, 2], base[0, 2])
