"""What others run the same model with: transformers' pipeline on PyTorch, OpenVINO, ONNX Runtime.

Each as a user would write it by hand, with the aggregation ``first``, as ours.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from timeit import timeit
from typing import Any

import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TokenClassificationPipeline,
)
from transformers.utils import logging as transformers_logging

from ner.choosing import onnx_runtime
from ner.choosing.contenders import Contender
from ner.choosing.onnx_runtime import Session, export_onnx
from ner.comparing.origin import Origin
from ner.entities import Entity, Tagged
from ner.errors import InputError, MissingExtra, ModelRefused
from ner.machine import usable_cores
from ner.models.catalogue import ModelSpec
from ner.tagging.decode import Scheme
from ner.tagging.tagger import without_edge_spaces
from ner.telemetry import without_telemetry

_log = logging.getLogger(__name__)

# Batch sizes that are tried on some of the texts; the fastest one is used.
_BATCH_SIZES = (1, 4, 8, 16, 32)
_SAMPLE = 200
_PYTORCH, _PYTORCH_INT8 = "PyTorch", "PyTorch dynamic INT8"


@dataclass(frozen=True)
class Peer:
    """A :class:`~ner.entities.Tagger`: a pipeline that tags files in batches of one size."""

    pipeline: Any
    labels: tuple[str, ...]
    batch_size: int = 1

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """The entities of ``texts``, in order; a single text is a request of its own."""
        if len(texts) == 1:
            return [_tagged(texts[0], self.pipeline(texts[0]))]
        return list(map(_tagged, texts, self.pipeline(list(texts), batch_size=self.batch_size)))


def checkpoint_of(spec: ModelSpec) -> Path:
    """The checkpoint of ``spec``; ``InputError`` for a model of the Hub, where it is not kept."""
    if spec.folder is None:
        raise InputError(
            f"{spec.name} has no checkpoint here for others to load. Download it, and give --model "
            "its folder."
        )
    return spec.folder


@contextmanager
def open_peers(
    spec: ModelSpec, texts: Sequence[str], folders: Mapping[str, Path]
) -> Iterator[list[Contender]]:
    """The peers over the checkpoint of ``spec``, and over OpenVINO files in ``folders``, by title.

    Batch sizes are tried on ``texts``; the log says which can't take part. Raises as
    :func:`checkpoint_of`, and ``ModelRefused`` if transformers can't load the checkpoint.
    """
    checkpoint = checkpoint_of(spec)
    here = str(checkpoint)
    original, tokenizer = _load(checkpoint)
    # Windows keeps files that a session may still read.
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        try:
            onnx = export_onnx(original, tokenizer.model_input_names, Path(temporary))
        except (MissingExtra, ModelRefused) as error:
            _log.warning("ONNX Runtime takes no part. %s", error)
            onnx = {}
        quantized, stored = _quantized(original)
        size, torch_alone = _size(checkpoint / "model.safetensors"), (__name__, "open_alone")
        onnx_alone = onnx_runtime.__name__, "open_alone"
        networks: list[tuple[str, Any, int, tuple[str, ...] | None]] = [
            (_PYTORCH, original, size, (*torch_alone, _PYTORCH, here)),
            (_PYTORCH_INT8, quantized, stored, (*torch_alone, _PYTORCH_INT8, here)),
            *(
                (title, _openvino(folder), _size(*folder.glob("openvino_model.*")), None)
                for title, folder in folders.items()
            ),
            *(
                (title, Session(it, original.config), _size(it), (*onnx_alone, str(it), here))
                for title, it in onnx.items()
            ),
        ]
        yield [
            Contender(
                Origin(title, title),
                _peer(network, original, tokenizer, texts[:_SAMPLE]),
                size,
                opening=opening,
            )
            for title, network, size, opening in networks
        ]


def open_alone(title: str, checkpoint: str) -> Callable[[Sequence[str]], object]:
    """One of PyTorch's peers alone, in batches of 16."""
    original, tokenizer = _load(Path(checkpoint))
    network = original if title == _PYTORCH else _quantized(original)[0]
    return Peer(_pipeline(network, original, tokenizer), (), 16).tag_many


def _load(checkpoint: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The network in FP32 and its tokenizer."""
    torch.set_num_threads(usable_cores())
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        network = AutoModelForTokenClassification.from_pretrained(checkpoint, dtype=torch.float32)
        return network.eval(), AutoTokenizer.from_pretrained(checkpoint)
    except (OSError, ValueError) as error:
        raise ModelRefused(
            f"transformers can't load the checkpoint {checkpoint.name}, so it has no peers there. "
            "Leave out --peers."
        ) from error


def _quantized(original: PreTrainedModel) -> tuple[Any, int]:
    """PyTorch's dynamic INT8, and its size: weights in INT8, activations quantized at run time.

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
    return quantized, stored.getbuffer().nbytes


def _openvino(folder: Path) -> Any:  # noqa: ANN401
    """OpenVINO files as Optimum Intel runs them."""
    with without_telemetry():
        from optimum.intel import OVModelForTokenClassification
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    return OVModelForTokenClassification.from_pretrained(folder, ov_config=settings)


def _peer(
    network: object,
    original: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sample: Sequence[str],
) -> Peer:
    """A pipeline at its fastest batch size on ``sample``."""
    pipeline = _pipeline(network, original, tokenizer)
    labels = Scheme.of(tuple((original.config.id2label or {}).values())).types
    peers = [Peer(pipeline, labels, size) for size in _BATCH_SIZES]
    peers[-1].tag_many(sample[:8])
    return min(peers, key=lambda peer: timeit(partial(peer.tag_many, sample), number=1))


def _pipeline(
    network: Any,  # noqa: ANN401
    original: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
) -> TokenClassificationPipeline:
    made = TokenClassificationPipeline(  # type: ignore[no-untyped-call]
        model=original, tokenizer=tokenizer, aggregation_strategy="first", device="cpu"
    )
    # Set afterwards: when it is made, it wants a class of transformers' own.
    made.model = network
    return made


def _size(*files: Path) -> int:
    """The bytes of files together."""
    return sum(file.stat().st_size for file in files)


def _tagged(text: str, found: Sequence[Mapping[str, Any]]) -> Tagged:
    """What a pipeline found in a text; spaces that its tokenizer counts to a word are left out."""
    entities = tuple(
        Entity(group["start"], group["end"], group["entity_group"], float(group["score"]))
        for group in found
        if group["start"] < group["end"]
    )
    return Tagged(text, without_edge_spaces(text, entities))
