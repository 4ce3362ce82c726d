"""Which texts make a batch, and how they become tensors: padded within a budget of word pieces.

Sentences of like length share a batch, so little of it is padding. A batch holds a fixed number of
word pieces rather than of sentences, so its memory does not depend on the longest sentence.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

import torch
from torch.nn.utils.rnn import pad_sequence

from ner.train.data import IGNORED, Example, Row

if TYPE_CHECKING:
    from ner.train.distil import SoftLabels

_SORTED_TOGETHER = 64  # batches' worth of texts that are sorted by length at a time


def draw_epoch(pools: Sequence[tuple[float, Sequence[int]]], rng: random.Random) -> list[int]:
    """Indices into all pools' texts: of each pool its weight's share, in random order.

    ``pools`` are weights and the lengths of texts. A weight of 2.3 gives every text twice and three
    in ten of them once more.
    """
    drawn: list[int] = []
    begin = 0
    for weight, lengths in pools:
        indices = range(begin, begin + len(lengths))
        rest = round(weight % 1 * len(indices))
        drawn += [*indices] * int(weight) + rng.sample(indices, rest)
        begin = indices.stop
    rng.shuffle(drawn)
    return drawn


def pack(indices: Sequence[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Cut ``indices``, sorted by length, into batches of at most ``budget`` padded pieces.

    A text that is longer than the budget is a batch of its own.

    >>> pack([0, 1, 2, 3], lengths=[5, 2, 9, 3], budget=8)  # two of up to 3 pieces: 6; 5; 9
    [[1, 3], [0], [2]]
    """
    batches: list[list[int]] = []
    for index in sorted(indices, key=lengths.__getitem__):
        if batches and lengths[index] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def plan_batches(
    pools: Sequence[tuple[float, Sequence[int]]], *, epochs: float, budget: int, seed: int
) -> list[list[int]]:
    """All batches of a run, in order, so that a resumed run has the same ones.

    ``pools`` are weights and the lengths of texts. A fractional epoch is cut off at its end.
    """
    rng = random.Random(seed)  # noqa: S311 - shuffling, not security
    lengths = [length for _, pool in pools for length in pool]
    plan: list[list[int]] = []
    while epochs > 1e-9:
        drawn = draw_epoch(pools, rng)
        together = _SORTED_TOGETHER * max(1, int(budget / mean(lengths[i] for i in drawn)))
        batches = [
            batch
            for begin in range(0, len(drawn), together)
            for batch in pack(drawn[begin : begin + together], lengths, budget)
        ]
        rng.shuffle(batches)
        plan += batches[: max(1, round(len(batches) * min(1.0, epochs)))]
        epochs -= 1
    return plan


def pad(rows: Sequence[Row], fill: int) -> torch.Tensor:
    """Rows of numbers as one tensor, filled up on the right to the longest.

    >>> pad([[1, 2], [3]], 0).tolist()
    [[1, 2], [3, 0]]
    """
    tensors = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=fill)


def inputs(ids: Sequence[Row], pad_id: int) -> dict[str, torch.Tensor]:
    """``input_ids`` and ``attention_mask``, (batch, seq), of the numbers of word pieces."""
    return {"input_ids": pad(ids, pad_id), "attention_mask": pad([[1] * len(i) for i in ids], 0)}


def collate(
    examples: Sequence[Example], *, pad_id: int, soft: SoftLabels | None = None
) -> dict[str, torch.Tensor]:
    """``input_ids``, ``attention_mask`` and ``labels``, (batch, seq); ``allowed``, (batch, tags).

    With ``soft`` also the distributions ``soft``, (batch, seq, tags).
    """
    batch = {
        **inputs([example.piece_ids for example in examples], pad_id),
        "labels": pad([example.labels for example in examples], IGNORED),
        "allowed": torch.tensor([example.allowed for example in examples]),
    }
    if soft is not None:
        numbers = pad([example.soft for example in examples if example.soft is not None], -1)
        batch["soft"] = torch.from_numpy(soft.targets(numbers.numpy()))
    return batch
