"""Compressed tables: the same rows come out, and no graph holds them in FP32."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from ner.models.child import ensure_prepared
from ner.models.open import Sides
from ner.preparing.embeddings import scale_after_lookup

ROWS, WIDTH = 50, 8


def lookup(scales: np.ndarray) -> ov.Model:
    """Ids ``(n,)`` to rows of a table of integers, scaled before the lookup as NNCF stores it."""
    rng = np.random.default_rng(0)
    table = ops.constant(rng.integers(-127, 128, (ROWS, WIDTH)).astype(np.int8))
    ids = ops.parameter([-1], dtype=np.int64, name="ids")
    scaled = ops.multiply(ops.convert(table, "f32"), ops.constant(scales))
    return ov.Model([ops.gather(scaled, ids, ops.constant(0))], [ids])


def rows_of(model: ov.Model) -> np.ndarray:
    run = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(run(np.array([0, 49, 7, 7]))[0])


def test_the_rows_are_the_same() -> None:
    """To the last bit: the same integer times the same scale."""
    scales = np.random.default_rng(1).random((ROWS, 1), dtype=np.float32)
    model = lookup(scales)
    before = rows_of(model)

    assert 1 == scale_after_lookup(model)
    np.testing.assert_array_equal(before, rows_of(model))


@pytest.mark.parametrize("shape", [(1, 1), (1, WIDTH)], ids=["one scale", "a scale a column"])
def test_other_scales_are_left_alone(shape: tuple[int, int]) -> None:
    """Only a scale for each row goes along with its row."""
    assert 0 == scale_after_lookup(lookup(np.full(shape, 0.5, dtype=np.float32)))


def test_int8_of_the_bundled_model_holds_its_table_in_integers(bundled_sides: Sides) -> None:
    """In the compiled graph too, where OpenVINO would have made FP32 of it."""
    int8 = ensure_prepared(bundled_sides.both[1].variant)
    compiled = ov.Core().compile_model(int8.folder / "openvino_model.xml", "CPU")
    kinds = {
        node.get_rt_info()["outputPrecisions"].astype(str)
        for node in compiled.get_runtime_model().get_ordered_ops()
        if node.get_output_size() and list(node.get_output_partial_shape(0)) == [22_000, 384]
    }

    assert {"i8"} == kinds
