"""Compiled graphs: one for everything, and others for the kinds of work that come often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from ner.errors import InputError, ModelRefused
from ner.machine import usable_cores
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

# Most sentences are this short; longer texts spend their time on computing.
FIXED_LENGTHS = (16, 24, 32)

# A graph of one length takes one and a half times the bytes of its file, one for many texts two to
# five times: large models keep the cores busy as they are.
_LARGEST_FIXED = 32_000_000
_LARGEST_FOR_MANY = 128_000_000
# How often a length must have changed the graph's shape before it gets a graph of its own, and how
# many tokens must have come in large calls: they take 5 s on two cores with AVX2, where the graph
# takes half a second to make and saves about a sixth.
_CHANGES = 16
_TOKENS = 16_384


class LaterGraph:
    """A graph that is made once its kind of work has come ``after`` times.

    A thread of its own makes it, so that no text waits for it.
    """

    def __init__(self, make: Callable[[], ov.CompiledModel], after: int) -> None:
        self._make = make
        self._left = after
        self._made: ov.CompiledModel | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def made(self) -> ov.CompiledModel | None:
        """The graph, if there is one by now."""
        return self._made

    def count(self, amount: int = 1) -> None:
        """Note that so much of its work has come."""
        self._left -= amount
        if self._left <= 0:
            self.start()

    def start(self) -> None:
        """Begin to make it, unless that was begun before."""
        with self._lock:
            if self._thread is not None:
                return
            # No daemon: Python would end while the runtime is still at work.
            thread = threading.Thread(target=self._compile)
            # Where no thread is to be had, nobody's text fails for it.
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def settle(self) -> None:
        """Wait for it, if it is being made."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _compile(self) -> None:
        # One that can't be made is not tried again: the graph for all serves on, as it did so far.
        with suppress(ModelRefused):
            self._made = self._make()


@dataclass(frozen=True)
class Graphs:
    """The compiled graphs of one model; ``for_all`` runs every text, on all cores.

    At each change of shape OpenVINO prepares its graph anew, which for a short text takes as long
    as half of the computing: ``fixed`` has those for one text of a length, prepared once. And the
    cores wait for each other at the end of every step: ``for_many`` gives each a stream of its own.
    Each takes memory, so there are few, and none of a large model.
    """

    for_all: ov.CompiledModel
    fixed: Mapping[int, LaterGraph] = field(default_factory=dict)
    for_many: LaterGraph | None = None

    @classmethod
    def load(
        cls, graph: Path | ov.Model, *, device: str, precision: str, streams: int | None = None
    ) -> Graphs:
        """Compile a model file, or one that was read; raises as :func:`compile_model`.

        Only a file for the CPU gets other graphs later, and none where ``streams`` says how many
        requests the one for all runs at once.
        """
        for_all = compile_model(graph, device, precision, streams=streams or 1)
        if device != "CPU" or streams is not None or not isinstance(graph, Path):
            return cls(for_all)
        size = graph.with_suffix(".bin").stat().st_size
        compiled = partial(compile_model, graph, device, precision)
        fixed = {
            length: LaterGraph(partial(compiled, shape=(1, length)), _CHANGES)
            for length in FIXED_LENGTHS
            if size <= _LARGEST_FIXED
        }
        cores = usable_cores()
        if cores == 1 or size > _LARGEST_FOR_MANY:
            return cls(for_all, fixed)
        return cls(for_all, fixed, LaterGraph(partial(compiled, streams=cores), _TOKENS))

    def settle(self) -> None:
        """Wait for those that are being made."""
        for later in (*self.fixed.values(), *filter(None, [self.for_many])):
            later.settle()


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
