"""How many operations a second this machine can do at best: matrix products and nothing else.

The ceiling that a model's throughput is held against, measured by the same runtime.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ner.machine import usable_cores
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov
    from openvino import opset13 as ops

# The shapes of a transformer's feed-forward layers at the serving batch size; wide enough to reach
# the peak, small enough to stay in the cache, where a model's layers run as well.
_ROWS, _WIDTH, _LAYERS = 512, 1024, 4


def peak_runner(*, int8: bool) -> tuple[Callable[[], object], float]:
    """A chain of matrix products to be run and timed, and how many operations one run takes.

    Operations count multiplications and additions. With ``int8`` the products are quantized as
    NNCF quantizes them: FakeQuantize at 256 levels on weights and activations.
    """
    rng = np.random.default_rng(0)
    values = ops.parameter([_ROWS, _WIDTH], np.float32)
    node = values.output(0)
    for _ in range(_LAYERS):
        weights = ops.constant(
            (rng.normal(size=(_WIDTH, _WIDTH)) / _WIDTH**0.5).astype(np.float32)
        ).output(0)
        if int8:
            node, weights = _quantized(node, 4.0, 256), _quantized(weights, 0.2, 255)
        node = ops.matmul(node, weights, False, True).output(0)
    model = ov.Model([ops.result(node)], [values], "peak")
    compiled = ov.Core().compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": usable_cores(),
        },
    )
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(rng.normal(size=(_ROWS, _WIDTH)).astype(np.float32)))
    return request.infer, 2.0 * _ROWS * _WIDTH * _WIDTH * _LAYERS


def operations(xml: Path, length: int) -> float:
    """Multiplications and additions in the matrix products of one window of ``length`` tokens."""
    model = ov.Core().read_model(xml)
    model.reshape({port.any_name: [1, length] for port in model.inputs})
    total = 0.0
    for node in model.get_ops():
        if node.get_type_name() == "MatMul":
            axis = -2 if node.get_attributes()["transpose_a"] else -1
            inner = list(node.input(0).get_shape())[axis]
            total += 2.0 * inner * float(np.prod(list(node.output(0).get_shape())))
        elif node.get_type_name() == "ScaledDotProductAttention":
            queries, keys = (list(node.input(index).get_shape()) for index in (0, 1))
            total += 4.0 * float(np.prod(queries)) * keys[-2]
    return total


def seconds_of(run: Callable[[], object]) -> float:
    """The wall-clock time of one call."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _quantized(node: ov.Output, bound: float, levels: int) -> ov.Output:
    low, high = (ops.constant(np.float32(value)) for value in (-bound, bound))
    return ops.fake_quantize(node, low, high, low, high, levels).output(0)
