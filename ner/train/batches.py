"""Which examples make a batch, and how they become tensors: dynamic padding within a budget.

Sentences of like length share a batch, so little of it is padding, and a batch holds a fixed
number of word pieces rather than of sentences, so its memory is bounded by the budget and not by
the longest sentence of the data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from ner.train.data import IGNORED, Example, Pool

_SORTED_TOGETHER = 64  # batches' worth of examples that are sorted by length at a time


class Examples(Dataset[Example]):
    """The examples of all pools behind one another."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = tuple(examples)

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        return self._examples[index]


class PlannedBatches(Sampler[list[int]]):
    """Batches decided before training starts, so that a resumed run sees the same ones."""

    def __init__(self, plan: Sequence[list[int]]) -> None:
        self._plan = plan

    def __len__(self) -> int:
        return len(self._plan)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._plan)


def draw_epoch(pools: Sequence[Pool], rng: random.Random) -> list[int]:
    """Indices into the concatenated pools: of each pool its weight's share, in random order.

    A weight of 2.3 gives every example twice and three in ten of them once more.
    """
    drawn: list[int] = []
    begin = 0
    for pool in pools:
        indices = range(begin, begin + len(pool.examples))
        whole = int(pool.weight)
        rest = round((pool.weight - whole) * len(indices))
        drawn += [*indices] * whole + rng.sample(indices, rest)
        begin = indices.stop
    rng.shuffle(drawn)
    return drawn


def pack(indices: Sequence[int], lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Cut ``indices``, sorted by length, into batches of at most ``budget`` padded pieces.

    An example that is longer than the budget is a batch of its own.

    >>> pack([0, 1, 2, 3], lengths=[5, 2, 9, 3], budget=8)  # two of up to 3 pieces: 6; 5; 9
    [[1, 3], [0], [2]]
    """
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(indices, key=lambda index: lengths[index]):
        longest = max(longest, lengths[index])
        if batches and longest * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = lengths[index]
    return batches


def plan_batches(
    pools: Sequence[Pool], *, epochs: float, budget: int, seed: int, by_length: bool = True
) -> list[list[int]]:
    """All batches of a run, in order; a fractional epoch is cut off at its end.

    Without ``by_length`` texts share a batch as they come, as many as the budget holds on average.
    """
    rng = random.Random(seed)  # noqa: S311 - shuffling, not security
    lengths = [len(example.piece_ids) for pool in pools for example in pool.examples]
    plan: list[list[int]] = []
    remaining = epochs
    while remaining > 1e-9:
        drawn = draw_epoch(pools, rng)
        size = max(1, int(budget / mean(lengths[index] for index in drawn)))
        if by_length:
            batches = _batches_by_length(drawn, lengths, budget, size * _SORTED_TOGETHER, rng)
        else:
            batches = [drawn[begin : begin + size] for begin in range(0, len(drawn), size)]
        plan += batches[: max(1, round(len(batches) * min(1.0, remaining)))]
        remaining -= 1.0
    return plan


def _batches_by_length(
    drawn: Sequence[int], lengths: Sequence[int], budget: int, together: int, rng: random.Random
) -> list[list[int]]:
    batches = [
        batch
        for begin in range(0, len(drawn), together)
        for batch in pack(drawn[begin : begin + together], lengths, budget)
    ]
    rng.shuffle(batches)
    return batches


def padding_share(plan: Sequence[Sequence[int]], lengths: Sequence[int], pad_to: int = 0) -> float:
    """The share of padding among all pieces of the plan's batches, in [0, 1).

    >>> padding_share([[0, 1]], lengths=[2, 4])  # 8 pieces, 2 of them padding
    0.25
    """
    used = sum(lengths[index] for batch in plan for index in batch)
    padded = sum(len(batch) * max(pad_to, *(lengths[index] for index in batch)) for batch in plan)
    return 1.0 - used / padded if padded else 0.0


class Targets(Protocol):
    """What looks up distributions: `ner.train.distil.SoftLabels`."""

    def targets(self, aligned: NDArray[np.int32]) -> NDArray[np.float32]:
        """(…) numbers as `Example.soft` has them -> (…, tags); zeros for -1."""


def collate(
    examples: Sequence[Example], *, pad_id: int, pad_to: int = 0, teachers: Targets | None = None
) -> dict[str, torch.Tensor]:
    """Pad on the right, to the longest example of the batch and at least to ``pad_to`` pieces.

    Gives ``input_ids``, ``attention_mask`` and ``labels``, each (batch, seq), and ``allowed``,
    (batch, tags); with ``teachers`` also ``soft``, (batch, seq, tags).
    """
    shape = (len(examples), max(pad_to, *(len(example.piece_ids) for example in examples)))
    input_ids = torch.full(shape, pad_id, dtype=torch.long)
    labels = torch.full(shape, IGNORED, dtype=torch.long)
    attention_mask = torch.zeros(shape, dtype=torch.long)
    for row, example in enumerate(examples):
        length = len(example.piece_ids)
        input_ids[row, :length] = torch.tensor(example.piece_ids)
        labels[row, :length] = torch.tensor(example.labels)
        attention_mask[row, :length] = 1
    allowed = torch.tensor([example.allowed for example in examples], dtype=torch.bool)
    batch = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "labels": labels,
        "allowed": allowed,
    }
    if teachers is not None:
        aligned = np.full(shape, -1, np.int32)
        for row, example in enumerate(examples):
            if example.soft is not None:
                aligned[row, : len(example.soft)] = example.soft
        batch["soft"] = torch.from_numpy(teachers.targets(aligned))
    return batch
