"""ONNX Runtime as a peer: the same network. Needs the extra ``peers``; skipped without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForTokenClassification, PreTrainedModel

from ner.errors import MissingExtra
from ner.measuring.peers import onnx_runtime
from ner.measuring.peers.network import Network
from ner.measuring.peers.onnx_runtime import onnx_networks

NAMES = ["input_ids", "attention_mask"]


@pytest.fixture(scope="module")
def original(tiny_checkpoint: Path) -> PreTrainedModel:
    network = AutoModelForTokenClassification.from_pretrained(tiny_checkpoint, dtype=torch.float32)
    return network.eval()


@pytest.fixture(scope="module")
def networks(original: PreTrainedModel) -> dict[str, Network]:
    for package in ("onnxruntime", "onnx", "onnxscript"):
        pytest.importorskip(package, reason='pip install -e ".[peers]"')
    return onnx_networks(original, NAMES)


@pytest.mark.parametrize("shape", [(1, 3), (2, 8), (3, 31)])
def test_logits_are_those_of_the_original(
    networks: dict[str, Network], original: PreTrainedModel, shape: tuple[int, int]
) -> None:
    """At any batch size and length, padding included."""
    mask = torch.ones(shape, dtype=torch.int64)
    mask[-1, shape[1] // 2 + 1 :] = 0
    inputs = {"input_ids": torch.arange(mask.numel()).reshape(shape) % 20, "attention_mask": mask}
    with torch.no_grad():
        expected = original(**inputs).logits
    [found] = networks["ONNX Runtime"].run(**inputs)

    torch.testing.assert_close(found[mask == 1], expected[mask == 1], atol=1e-4, rtol=0)


def test_dynamic_int8_is_smaller(networks: dict[str, Network]) -> None:
    """Weights and the embedding table take a byte each."""
    sizes = {name: network.bytes_on_disk for name, network in networks.items()}

    assert sizes["ONNX Runtime dynamic INT8"] < sizes["ONNX Runtime"]


def test_without_the_extra_it_says_what_to_install(
    original: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of its packages is missing."""
    monkeypatch.setattr(
        onnx_runtime, "find_spec", lambda name: None if name == "onnxscript" else object()
    )

    with pytest.raises(MissingExtra, match=r"\[peers\]"):
        onnx_networks(original, NAMES)
