"""Compiled graphs: one for all shapes, and a few for a single text of one length each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ner.errors import InputError, ModelRefused
from ner.machine import usable_cores
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

# Most sentences are this short; longer texts spend their time on computing.
FIXED_LENGTHS = (16, 24, 32)

# A fixed graph takes one and a half times the bytes of its file.
_LARGEST_FILE = 32_000_000
# How often a length must have changed the graph's shape before it gets a graph of its own.
_CHANGES = 16


class FixedGraphs:
    """Graphs for one text of one of ``FIXED_LENGTHS`` tokens, made once a length comes often.

    At each change of shape OpenVINO prepares its graph anew, which for a short text takes as long
    as half of the computing; a graph of one shape is prepared once. Each takes memory: there are
    few, and none of a large model. A thread of its own makes them, so that no text waits for one.
    """

    def __init__(self, compile_length: Callable[[int], ov.CompiledModel] | None) -> None:
        self._compile = compile_length
        self._made: dict[int, ov.CompiledModel] = {}
        self._changes: Counter[int] = Counter()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def find(self, length: int) -> ov.CompiledModel | None:
        """The graph for one text of ``length`` tokens, if there is one by now."""
        return self._made.get(length)

    def count_change(self, length: int) -> None:
        """Note that one text of ``length`` tokens changed the shape of the graph for all."""
        if self._compile is None or length not in FIXED_LENGTHS:
            return
        with self._lock:
            self._changes[length] += 1
            due = self._changes[length] >= _CHANGES and length not in self._made
            if due and not (self._thread and self._thread.is_alive()):
                # No daemon: Python would end while the runtime is still at work.
                self._thread = threading.Thread(target=self._make, args=(self._compile, length))
                self._thread.start()

    def settle(self) -> None:
        """Wait for a graph that is being made."""
        if thread := self._thread:
            thread.join()

    def _make(self, compile_length: Callable[[int], ov.CompiledModel], length: int) -> None:
        try:
            self._made[length] = compile_length(length)
        except ModelRefused:
            # The graph for all shapes serves on, as it did so far, and this isn't tried again.
            self._compile = None


def fixed_graphs(graph: Path | ov.Model, device: str, precision: str) -> FixedGraphs:
    """Those of a model file for the CPU; of a large one, or one that was read, there are none."""
    if device != "CPU" or not isinstance(graph, Path):
        return FixedGraphs(None)
    weights = graph.with_suffix(".bin")
    if not weights.is_file() or weights.stat().st_size > _LARGEST_FILE:
        return FixedGraphs(None)
    return FixedGraphs(lambda length: compile_model(graph, device, precision, shape=(1, length)))


def available_devices() -> tuple[str, ...]:
    """The devices that OpenVINO finds here, such as ``CPU`` and ``GPU``."""
    return tuple(ov.Core().available_devices)


@cache
def supports_bf16() -> bool:
    """Whether the CPU can run floating-point models in BF16, as OpenVINO then does by default."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compile_model(
    graph: Path | ov.Model,
    device: str,
    precision: str,
    *,
    streams: int = 1,
    shape: tuple[int, int] | None = None,
) -> ov.CompiledModel:
    """Compile for lowest latency on the cores that are ours, for all inputs or of one ``shape``.

    So many ``streams`` share the cores of a CPU, one request each. ``precision`` is the inference
    precision hint: without f32, OpenVINO would run a floating-point model in BF16 on a CPU that
    can. Raises ``InputError`` for a device that is not there, ``ModelRefused`` for a file that
    OpenVINO can't load.
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
        settings["NUM_STREAMS"] = streams
        # OpenVINO would pin its threads to the first cores, and so would every other process with
        # it: two workers of one thread each then share one core.
        settings["ENABLE_CPU_PINNING"] = False
    try:
        if shape is not None:
            # Else the element-wise parts of a fixed graph are compiled together, and round INT8
            # otherwise than in the graph for all shapes: one text in a hundred had another tag.
            settings["SNIPPETS_MODE"] = "DISABLE"
            graph = core.read_model(graph) if isinstance(graph, Path) else graph.clone()
            graph.reshape({port.any_name: list(shape) for port in graph.inputs})
        return core.compile_model(graph, device, settings)
    except RuntimeError as error:
        name = f"{graph.parent.name}/{graph.name}" if isinstance(graph, Path) else "the graph"
        raise ModelRefused(
            f"OpenVINO can't load {name} on {device}. Prepare the model anew."
        ) from error
