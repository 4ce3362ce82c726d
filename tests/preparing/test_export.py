"""The exported original: float32, and what PyTorch gives."""

from __future__ import annotations

from itertools import pairwise

import openvino as ov
import pytest

from ner.models.folder import Prepared
from ner.models.open import Sides


def test_the_original_is_float32(tiny_original: Prepared) -> None:
    """Though the checkpoint is stored in half precision, every weight is f32."""
    xml = tiny_original.folder / "openvino_model.xml"
    weights = [
        node
        for node in ov.Core().read_model(xml).get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().is_real()
    ]

    assert weights
    assert {node.get_element_type().get_type_name() for node in weights} == {"f32"}


def test_a_bilstm_is_prepared_like_any_model(bilstm_sides: Sides) -> None:
    """Its original gives what PyTorch gives, padded in a batch or alone."""
    import torch

    from ner.train import bilstm

    texts = ["Berlin", "My name is Wolfgang and I live in Berlin.", "the Berlin name"]
    assert bilstm_sides.spec.folder is not None
    network = bilstm.load(bilstm_sides.spec.folder)
    model = bilstm_sides.left.tagger.model
    encoded = model.encode(texts)
    probabilities, _ = model.probabilities(encoded)
    borders = encoded.pieces.borders
    for begin, end in pairwise(borders.tolist()):
        found = probabilities[begin:end]
        ids = torch.tensor([[2, *encoded.ids[begin:end].tolist(), 3]])
        with torch.no_grad():
            logits = network(ids, torch.ones_like(ids))[0, 1:-1]
        expected = torch.softmax(logits, dim=-1).numpy()
        assert found == pytest.approx(expected, abs=1e-4)
