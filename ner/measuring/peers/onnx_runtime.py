"""The network on ONNX Runtime, in FP32 and with its dynamic INT8: the extra ``peers``."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch

from ner.errors import MissingExtra, ModelRefused
from ner.machine import usable_cores
from ner.measuring.peers.network import Network, size_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# torch exports with onnxscript, and quantizing reads with onnx.
_NEEDED = ("onnxruntime", "onnx", "onnxscript")


class Session:
    """An ONNX file as a network that is called as one of PyTorch is."""

    def __init__(self, file: Path, config: object) -> None:
        import onnxruntime

        # Windows builds report their use otherwise.
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        self.config = config
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        self._names = tuple(port.name for port in self._session.get_inputs())

    def __call__(self, **inputs: torch.Tensor) -> tuple[torch.Tensor]:
        """Logits ``(batch, tokens, tags)`` for inputs ``(batch, tokens)``; others are left out."""
        fed = {name: inputs[name].numpy() for name in self._names}
        return (torch.from_numpy(self._session.run(None, fed)[0]),)


def onnx_networks(original: PreTrainedModel, inputs: Sequence[str]) -> dict[str, Network]:
    """Both networks by name; ``inputs`` are the names of what the tokenizer gives.

    Raises ``MissingExtra`` without the extra, ``ModelRefused`` if torch can't export the network.
    """
    if any(find_spec(package) is None for package in _NEEDED):
        raise MissingExtra("It", "peers")
    # Windows keeps files that a session may still read.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, _quiet():
        files = {
            "ONNX Runtime": Path(folder) / "model.onnx",
            "ONNX Runtime dynamic INT8": Path(folder) / "int8.onnx",
        }
        exported, quantized = files.values()
        _export(original, inputs, exported)
        _quantize(exported, quantized)
        return {
            name: Network(Session(file, original.config), size_of(file))
            for name, file in files.items()
        }


def _export(network: PreTrainedModel, inputs: Sequence[str], file: Path) -> None:
    """Write the network as ONNX, for any batch size and length."""
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


def _quantize(exported: Path, target: Path) -> None:
    """Weights and the embedding table in INT8, by channel, since that agrees better."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(exported, target, weight_type=QuantType.QInt8, per_channel=True)


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
