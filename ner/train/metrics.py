"""The loss both architectures share, and entity F1 over gold tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ner.tags import spans_of_tags
from ner.train.batches import collate, pack
from ner.train.data import IGNORED, Example


@dataclass(frozen=True, slots=True)
class Counts:
    """Entities in the gold, found, and both alike; they add up over sentences."""

    gold: int = 0
    found: int = 0
    correct: int = 0

    @property
    def precision(self) -> float:
        """A fraction; 0.0 where nothing was found."""
        return self.correct / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """A fraction; 0.0 where there is nothing to find."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.correct / (self.gold + self.found) if self.gold + self.found else 0.0

    def to_json(self) -> dict[str, float]:
        """Fractions and the number of gold entities."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.gold,
        }


def masked_loss(logits: torch.Tensor, labels: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy per labelled piece, over the classes that its source annotates.

    ``logits`` (batch, seq, tags), ``labels`` (batch, seq), ``allowed`` (batch, tags). A class that
    isn't allowed takes no part in the softmax, so its logit gets no gradient.
    """
    masked = logits.float().masked_fill(~allowed.unsqueeze(1), torch.finfo(torch.float32).min)
    total = nn.functional.cross_entropy(
        masked.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return total / (labels != IGNORED).sum().clamp(min=1)


def distilled_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    allowed: torch.Tensor,
    soft: torch.Tensor,
    weight: float,
) -> torch.Tensor:
    """Mean loss per piece that has gold, a teacher's distribution, or both.

    As `masked_loss` for gold; cross entropy with ``soft`` (batch, seq, tags) over all classes where
    that isn't zero. Where a piece has both, the second counts by ``weight``, the first by the rest.
    """
    masked = logits.float().masked_fill(~allowed.unsqueeze(1), torch.finfo(torch.float32).min)
    hard = nn.functional.cross_entropy(
        masked.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view_as(labels)
    taught = -(soft * logits.float().log_softmax(-1)).sum(-1)
    has_gold, has_soft = labels != IGNORED, soft.sum(-1) > 0
    part = torch.where(has_gold, weight, 1.0) * has_soft
    total = ((1.0 - part) * hard + part * taught).sum()
    return total / (has_gold | has_soft).sum().clamp(min=1)


def count_entities(predicted: Iterable[Sequence[str]], gold: Iterable[Sequence[str]]) -> Counts:
    """Compare BIO tags token by token, as chunks; strict in span and type (conlleval)."""
    total = found = correct = 0
    for predicted_tags, gold_tags in zip(predicted, gold, strict=True):
        wanted, given = set(spans_of_tags(gold_tags)), set(spans_of_tags(predicted_tags))
        total += len(wanted)
        found += len(given)
        correct += len(wanted & given)
    return Counts(total, found, correct)


def evaluate(
    model: nn.Module, examples: Sequence[Example], tags: Sequence[str], *, pad_id: int, budget: int
) -> Counts:
    """Tag the examples, each gold token by its first piece, and count.

    Types that the source doesn't annotate, or that aren't learnt from it, are dropped from both
    the gold and what the model finds.
    """
    predicted: dict[int, list[str]] = {}
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for indices in pack(range(len(examples)), [len(e.piece_ids) for e in examples], budget):
            batch = collate([examples[index] for index in indices], pad_id=pad_id)
            logits = logits_of(
                model, batch["input_ids"].to(device), batch["attention_mask"].to(device)
            )
            best = logits.argmax(-1).tolist()
            for index, row in zip(indices, best, strict=True):
                predicted[index] = _token_tags(examples[index], row, tags)
    model.train(was_training)
    ordered = (predicted[index] for index in range(len(examples)))
    return count_entities(ordered, (_gold_tags(example, tags) for example in examples))


def logits_of(
    model: nn.Module, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> torch.Tensor:
    """(batch, seq, tags), from a Hugging Face model or from a plain module."""
    output = model(input_ids=input_ids, attention_mask=attention_mask)
    logits: torch.Tensor = output if isinstance(output, torch.Tensor) else output.logits
    return logits


def has_bf16() -> bool:
    """Whether matrix products in BF16 are faster here than in FP32: hardware support."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _token_tags(example: Example, row: Sequence[int], tags: Sequence[str]) -> list[str]:
    best = (row[piece] if piece >= 0 else 0 for piece in example.first_pieces)
    return [tags[tag] if example.allowed[tag] else "O" for tag in best]


def _gold_tags(example: Example, tags: Sequence[str]) -> list[str]:
    scored = {tag for tag, allowed in zip(tags, example.allowed, strict=True) if allowed}
    return [tag if tag in scored else "O" for tag in example.tags]
