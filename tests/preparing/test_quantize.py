"""What quantizing makes: INT8, and only INT8."""

from __future__ import annotations

import openvino as ov

from ner.models.prepared import Prepared
from ner.models.recipes import Variant


def fake_quantizers(prepared: Prepared, variant: Variant) -> int:
    model = ov.Core().read_model(prepared.variant(variant) / "openvino_model.xml")
    return sum(node.get_type_name() == "FakeQuantize" for node in model.get_ops())


def test_only_int8_is_quantized(tiny_prepared: Prepared) -> None:
    """The original has no FakeQuantize: quantizing must not have replaced it."""
    assert fake_quantizers(tiny_prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(tiny_prepared, Variant.INT8) > 10


def test_only_int8_of_the_bundled_model_is_quantized(bundled_prepared: Prepared) -> None:
    """The same for the model that ships, which has six layers."""
    assert fake_quantizers(bundled_prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(bundled_prepared, Variant.INT8) > 30


def test_int8_is_smaller(bundled_prepared: Prepared) -> None:
    """By more than three times, weights and graph together."""
    assert bundled_prepared.size(Variant.INT8) * 3 < bundled_prepared.size(Variant.ORIGINAL)


def test_only_the_bilstms_int8_is_quantized(bilstm_prepared: Prepared) -> None:
    """As for a transformer."""
    assert fake_quantizers(bilstm_prepared, Variant.ORIGINAL) == 0
    assert fake_quantizers(bilstm_prepared, Variant.INT8) > 0
