"""Devices, and graphs compiled for them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ner.errors import InputError, ModelRefused
from ner.machine import usable_cores
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov


def available_devices() -> tuple[str, ...]:
    """The devices that OpenVINO finds here, such as ``CPU`` and ``GPU``."""
    return tuple(ov.Core().available_devices)


@cache
def supports_bf16() -> bool:
    """Whether the CPU can run floating-point models in BF16, as OpenVINO then does by default."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compile_model(graph: Path, *, device: str, precision: str) -> ov.CompiledModel:
    """Compile a model file for lowest latency on the cores that are ours.

    ``precision`` is the inference precision hint: without f32, OpenVINO would run a floating-point
    model in BF16 on a CPU that can. Raises ``InputError`` for a device that is not there,
    ``ModelRefused`` for a file that OpenVINO can't load.
    """
    core = ov.Core()
    offered = core.available_devices
    if device not in {*offered, *(name.partition(".")[0] for name in offered), "AUTO"}:
        raise InputError(
            f"There is no device {device[:40]!r} here. OpenVINO offers {', '.join(offered)}."
        )
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
    }
    if device == "CPU":
        settings["INFERENCE_NUM_THREADS"] = usable_cores()
        # More than one stream on all cores pays only with several requests in flight.
        settings["NUM_STREAMS"] = 1
        # OpenVINO would pin its threads to the first cores, and so would every other process with
        # it: two workers of one thread each then share one core.
        settings["ENABLE_CPU_PINNING"] = False
    try:
        return core.compile_model(graph, device, settings)
    except RuntimeError as error:
        raise ModelRefused(
            f"OpenVINO can't load {graph.parent.name}/{graph.name} on {device}. Prepare the model "
            "anew."
        ) from error
