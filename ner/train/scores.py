"""Tags examples with a model and counts its entities over gold tokens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ner.counts import Counts
from ner.tags import spans_of_tags
from ner.train.batches import collate, pack
from ner.train.data import Example

_BUDGET = 2048  # padded pieces; no gradients are kept, so larger than in training


def evaluate(
    model: nn.Module, examples: Sequence[Example], tags: Sequence[str], *, pad_id: int
) -> Counts:
    """Tag each gold token by its first piece, and count entities as conlleval does.

    Types that are not learnt from the source are left out of gold and of what the model finds.
    """
    total = Counts()
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        for indices in pack(range(len(examples)), [len(e.piece_ids) for e in examples], _BUDGET):
            batch = collate([examples[index] for index in indices], pad_id=pad_id)
            ids, mask = batch["input_ids"].to(device), batch["attention_mask"].to(device)
            best = logits_of(model, ids, mask).argmax(-1).tolist()
            for index, row in zip(indices, best, strict=True):
                total += _count(examples[index], row, tags)
    return total


def _count(example: Example, row: Sequence[int], tags: Sequence[str]) -> Counts:
    learnt = {tag for tag, allowed in zip(tags, example.allowed, strict=True) if allowed}
    found = (tags[row[piece]] if piece >= 0 else "O" for piece in example.first_pieces)
    right, given = (
        set(spans_of_tags([tag if tag in learnt else "O" for tag in sequence]))
        for sequence in (example.tags, found)
    )
    return Counts(tp=len(right & given), fp=len(given - right), fn=len(right - given))


def scores_json(counts: Counts) -> dict[str, float]:
    """Fractions, and the number of gold entities."""
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "support": counts.support,
    }


def logits_of(
    model: nn.Module, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """(batch, seq, tags), from a Hugging Face model or from a plain module."""
    output = model(input_ids=input_ids, attention_mask=attention_mask)
    logits: torch.Tensor = output if isinstance(output, torch.Tensor) else output.logits
    return logits


def has_bf16() -> bool:
    """Whether the hardware multiplies matrices faster in BF16 than in FP32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
