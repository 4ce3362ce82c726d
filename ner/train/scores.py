"""Tags examples with a model and counts its entities over gold tokens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ner.counts import Counts
from ner.tags import spans_of_tags
from ner.train.batches import inputs, pack
from ner.train.data import Encoder, Example, Row

BUDGET = 2048  # padded pieces in a batch; no gradients are kept, so more than in training


def evaluate(model: nn.Module, encode: Encoder, examples: Sequence[Example]) -> Counts:
    """Tag each gold token by its first piece, and count entities as conlleval does.

    Types that are not learnt from the source are left out of gold and of what the model finds.
    """
    total, tags = Counts(), encode.tags
    for indices in pack(range(len(examples)), [len(e.piece_ids) for e in examples], BUDGET):
        batch = [examples[index] for index in indices]
        best = tag_pieces(model, [example.piece_ids for example in batch], encode.pad_id).argmax(-1)
        for example, row in zip(batch, best.tolist(), strict=True):
            learnt = {tag for tag, allowed in zip(tags, example.allowed, strict=True) if allowed}
            found = (tags[row[piece]] if piece >= 0 else "O" for piece in example.first_pieces)
            right, given = (
                set(spans_of_tags([tag if tag in learnt else "O" for tag in sequence]))
                for sequence in (example.tags, found)
            )
            total += Counts(tp=len(right & given), fp=len(given - right), fn=len(right - given))
    return total


def tag_pieces(model: nn.Module, ids: Sequence[Row], pad_id: int) -> torch.Tensor:
    """Logits (batch, seq, tags) of piece ids, which are padded here."""
    device = next(model.parameters()).device
    batch = {name: tensor.to(device) for name, tensor in inputs(ids, pad_id).items()}
    bf16 = torch.autocast(device.type, torch.bfloat16, enabled=has_bf16())
    model.eval()
    with torch.inference_mode(), bf16:
        logits: torch.Tensor = model(**batch).logits
    return logits.float()


def has_bf16() -> bool:
    """Whether the hardware multiplies matrices faster in BF16 than in FP32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
