"""The network on ONNX Runtime, in FP32 and with its dynamic INT8: the extra ``peers``.

Importing this needs no torch, so that a process can measure the memory of the runtime alone.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ner.errors import MissingExtra, ModelRefused
from ner.machine import usable_cores

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# torch exports with onnxscript, and quantizing reads with onnx.
_NEEDED = ("onnxruntime", "onnx", "onnxscript")
# Texts a batch where the runtime runs alone.
_BATCH = 16


class Session:
    """An ONNX file as a network that is called as one of PyTorch is."""

    def __init__(self, file: Path, config: object = None) -> None:
        import onnxruntime

        # Windows builds report their use otherwise.
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        self.config = config
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        self.names = tuple(port.name for port in self._session.get_inputs())

    def logits(self, **inputs: np.ndarray) -> Any:  # noqa: ANN401
        """Logits ``(batch, tokens, tags)`` for inputs ``(batch, tokens)``; others are left out."""
        return self._session.run(None, {name: inputs[name] for name in self.names})[0]

    def __call__(self, **inputs: torch.Tensor) -> tuple[torch.Tensor]:
        """The same for tensors of PyTorch."""
        import torch

        return (torch.from_numpy(self.logits(**{n: it.numpy() for n, it in inputs.items()})),)


def open_alone(file: str, checkpoint: str) -> Callable[[Sequence[str]], None]:
    """What runs texts through an ONNX file with the checkpoint's tokenizer, and decodes nothing."""
    from tokenizers import Tokenizer

    session, folder = Session(Path(file)), Path(checkpoint)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tokenizer.enable_truncation(config.get("max_position_embeddings", 512))
    tokenizer.enable_padding()
    parts = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}

    def run(texts: Sequence[str]) -> None:
        for begin in range(0, len(texts), _BATCH):
            encoded = tokenizer.encode_batch(list(texts[begin : begin + _BATCH]))
            inputs = {
                name: np.array([getattr(one, part) for one in encoded], dtype=np.int64)
                for name, part in parts.items()
            }
            session.logits(**inputs)

    return run


def export_onnx(original: PreTrainedModel, inputs: Sequence[str], folder: Path) -> dict[str, Path]:
    """Write the network into ``folder``, in FP32 and in dynamic INT8; the files by title.

    ``inputs`` are the names of what the tokenizer gives. Raises ``MissingExtra`` without the extra,
    ``ModelRefused`` if torch can't export the network.
    """
    if any(find_spec(package) is None for package in _NEEDED):
        raise MissingExtra("It", "peers")
    from onnxruntime.quantization import QuantType, quantize_dynamic

    exported, quantized = folder / "model.onnx", folder / "int8.onnx"
    with _quiet():
        _export(original, inputs, exported)
        # Weights and the embedding table in INT8, by channel, since that agrees better.
        quantize_dynamic(exported, quantized, weight_type=QuantType.QInt8, per_channel=True)
    return {"ONNX Runtime": exported, "ONNX Runtime dynamic INT8": quantized}


def _export(network: PreTrainedModel, inputs: Sequence[str], file: Path) -> None:
    """Write the network as ONNX, for any batch size and length."""
    import torch

    # As many rows and tokens as no other size of the network has, so that none is taken for fixed.
    example = {name: torch.ones((2, 8), dtype=torch.int64) for name in inputs}
    any_size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    try:
        torch.onnx.export(
            network,
            (),
            file,
            kwargs=example,
            dynamo=True,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(inputs, any_size),
            # One file, which then has at most 2 GB.
            external_data=False,
            verbose=False,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise ModelRefused("torch can't export this network as ONNX.") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice that torch and ONNX Runtime give those who export models for good."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
