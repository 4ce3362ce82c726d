"""What others do with the same model, for the benchmark only: transformers' pipeline.

Once on PyTorch and once on each of our IRs through Optimum Intel, as a user would write it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from ner.machine import usable_cores
from ner.measuring.contestants import Contestant
from ner.measuring.peak import seconds_of
from ner.models.prepared import Prepared
from ner.telemetry import without_telemetry

with without_telemetry():
    from optimum.intel import OVModelForTokenClassification

# Batch sizes that are tried on a part of the file; the fastest one is used for all of it.
_BATCH_SIZES = (1, 4, 8, 16, 32)
_SAMPLE = 200


def contestants(
    original: Prepared, int8: Prepared, checkpoint: str, texts: Sequence[str]
) -> tuple[Mapping[str, Contestant], Mapping[str, int]]:
    """The pipelines, and the batch size that was best for each on a sample of ``texts``.

    ``checkpoint`` is the folder that the model was prepared from. The pipelines use the strategy
    ``first``, as ours do.
    """
    import torch

    torch.set_num_threads(usable_cores())
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    networks = {
        "pipeline on PyTorch": AutoModelForTokenClassification.from_pretrained(
            checkpoint, dtype=torch.float32
        ).eval(),
        **{
            f"pipeline on {name} IR": OVModelForTokenClassification.from_pretrained(
                prepared.folder, ov_config=settings
            )
            for name, prepared in (("FP32", original), ("INT8", int8))
        },
    }
    tokenizer = AutoTokenizer.from_pretrained(original.folder)
    found: dict[str, Contestant] = {}
    best: dict[str, int] = {}
    for name, network in networks.items():
        tag = pipeline(
            "token-classification",
            model=network,
            tokenizer=tokenizer,
            aggregation_strategy="first",
            device="cpu",
        )
        best[name] = _best_batch_size(tag, texts[:_SAMPLE])
        found[name] = Contestant(tag, _in_batches(tag, best[name]))
    return found, best


def _in_batches(tag: Any, size: int) -> Callable[[Sequence[str]], object]:  # noqa: ANN401
    return lambda texts: tag(list(texts), batch_size=size)


def _best_batch_size(tag: Any, sample: Sequence[str]) -> int:  # noqa: ANN401
    tag(list(sample[:8]))
    times = {size: seconds_of(partial(tag, list(sample), batch_size=size)) for size in _BATCH_SIZES}
    return min(times, key=lambda size: times[size])
