"""What others do with the same model: transformers' pipeline, over several ways to run a network.

On PyTorch in FP32 and with dynamic INT8, on IRs of ours through Optimum Intel, and on ONNX Runtime
where that is installed. Each as a user would write it by hand, with the aggregation ``first``, as
ours.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TokenClassificationPipeline,
)

from ner.entities import Entity, Tagged
from ner.errors import MissingExtra, ModelRefused
from ner.machine import usable_cores
from ner.measuring.contestants import Contestant
from ner.measuring.peak import seconds_of
from ner.measuring.peers.network import Network, size_of
from ner.measuring.peers.onnx_runtime import onnx_networks
from ner.tagging.decode import Scheme
from ner.telemetry import without_telemetry

with without_telemetry():
    from optimum.intel import OVModelForTokenClassification

# Batch sizes that are tried on a part of the file; the fastest one is used for all of it.
_BATCH_SIZES = (1, 4, 8, 16, 32)
_SAMPLE = 200


@dataclass(frozen=True)
class Peer(Contestant):
    """A pipeline over somebody else's network.

    ``bytes_on_disk`` are those of the network's files, without tokenizer and configuration;
    ``batch_size`` is the one that was fastest on a sample of the texts.
    """

    bytes_on_disk: int
    batch_size: int
    labels: tuple[str, ...]

    def __call__(self, text: str) -> Tagged:
        """The entities of one text, by a request of its own."""
        found: Any = self.tag(text)
        return _tagged(text, found)

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """The entities of ``texts``, in order, as ours are told."""
        found: Any = self.tag_file(texts)
        return list(map(_tagged, texts, found))


def load_peers(
    checkpoint: Path,
    irs: Mapping[str, Path],
    texts: Sequence[str],
    *,
    report: Callable[[str], None] = lambda sentence: None,
) -> dict[str, Peer]:
    """The pipelines over ``checkpoint`` and over ``irs``, folders of IRs made of it, by row.

    ``report`` hears a sentence of each that can't take part. Raises ``ModelRefused`` if
    transformers doesn't know the checkpoint.
    """
    torch.set_num_threads(usable_cores())
    original, tokenizer = _load(checkpoint)
    networks = {
        "PyTorch": Network(original, size_of(checkpoint / "model.safetensors")),
        "PyTorch dynamic INT8": quantize_dynamically(original),
        **{f"{name} IR": _ir_network(folder) for name, folder in irs.items()},
    }
    try:
        networks |= onnx_networks(original, tokenizer.model_input_names)
    except (MissingExtra, ModelRefused) as error:
        report(f"ONNX Runtime takes no part. {error}")
    return {
        f"pipeline on {name}": _peer(network, original, tokenizer, texts[:_SAMPLE])
        for name, network in networks.items()
    }


def _load(checkpoint: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The network in FP32 and its tokenizer."""
    try:
        network = AutoModelForTokenClassification.from_pretrained(checkpoint, dtype=torch.float32)
        return network.eval(), AutoTokenizer.from_pretrained(checkpoint)
    except (OSError, ValueError) as error:
        raise ModelRefused(
            f"transformers can't load the checkpoint {checkpoint.name}, so it has no peers there. "
            "Leave out --peers."
        ) from error


def quantize_dynamically(original: PreTrainedModel) -> Network:
    """PyTorch's dynamic INT8: weights in INT8 by channel, activations quantized at run time.

    By channel, since that agrees better with the original than one scale for each matrix. The
    embedding table stays in FP32.
    """
    with warnings.catch_warnings():
        # It is deprecated in favour of a package of its own, which is no faster on a CPU.
        warnings.simplefilter("ignore")
        by_channel = torch.ao.quantization.per_channel_dynamic_qconfig
        quantized = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
            original, {torch.nn.Linear: by_channel}
        )
        stored = io.BytesIO()
        torch.save(quantized.state_dict(), stored)
    return Network(quantized, stored.getbuffer().nbytes)


def _ir_network(folder: Path) -> Network:
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    network = OVModelForTokenClassification.from_pretrained(folder, ov_config=settings)
    files = (folder / f"openvino_model.{end}" for end in ("xml", "bin"))
    return Network(network, size_of(*files))


def _peer(
    network: Network,
    original: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sample: Sequence[str],
) -> Peer:
    """A pipeline at its fastest batch size on ``sample``."""
    tag = TokenClassificationPipeline(  # type: ignore[no-untyped-call]
        model=original,
        tokenizer=tokenizer,
        aggregation_strategy="first",
        device="cpu",
    )
    # Set afterwards: when it is made, it wants a class of transformers' own.
    tag.model = network.run
    size = _best_batch_size(tag, sample)
    labels = Scheme.of(tuple((original.config.id2label or {}).values())).types
    return Peer(tag, _in_batches(tag, size), network.bytes_on_disk, size, labels)


def _in_batches(tag: Any, size: int) -> Callable[[Sequence[str]], object]:  # noqa: ANN401
    return lambda texts: tag(list(texts), batch_size=size)


def _best_batch_size(tag: Any, sample: Sequence[str]) -> int:  # noqa: ANN401
    tag(list(sample[:8]))
    times = {size: seconds_of(partial(tag, list(sample), batch_size=size)) for size in _BATCH_SIZES}
    return min(times, key=lambda size: times[size])


def _tagged(text: str, found: Sequence[Mapping[str, Any]]) -> Tagged:
    """What a pipeline tells of a text; spaces that its tokenizer counts to a word are left out."""
    entities = []
    for group in found:
        spelled = text[group["start"] : group["end"]]
        start = group["start"] + len(spelled) - len(spelled.lstrip())
        end = start + len(spelled.strip())
        if start < end:
            entities.append(Entity(start, end, group["entity_group"], float(group["score"])))
    return Tagged(text, tuple(entities))
