"""Running a compiled model: one request, own tensors, few shapes, callers in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ner.errors import InputError, ModelRefused
from ner.machine import usable_cores
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Padded tokens in one batch. Of 128 to 1,024 this and 256 were fastest on two cores with INT8;
# larger batches leave the cache.
BATCH_TOKENS = 512


class Turns:
    """A lock that serves threads in the order in which they came.

    A plain lock can be taken again at once by the thread that let it go, so a long batch would keep
    everyone else waiting; here one text waits for at most one batch step of each that came before.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._serving = 0
        self._left: set[int] = set()

    def __enter__(self) -> None:
        with self._changed:
            ticket = self._next
            self._next += 1
            try:
                while self._serving != ticket:
                    self._changed.wait()
            except BaseException:
                # Interrupted while waiting: nobody may wait for this turn.
                self._left.add(ticket)
                self._skip_left()
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._serving += 1
            self._skip_left()

    def _skip_left(self) -> None:
        while self._serving in self._left:
            self._left.remove(self._serving)
            self._serving += 1
        self._changed.notify_all()


@dataclass(frozen=True)
class Frame:
    """What goes around the pieces of a window: special tokens before and after, padding behind.

    ``before`` and ``after`` are token ids ``(n,)``.
    """

    before: Ints
    after: Ints
    pad_id: int

    @property
    def special(self) -> int:
        """How many special tokens a window gets."""
        return len(self.before) + len(self.after)


class Runner:
    """A compiled token classifier that any number of threads may use.

    One request serves all of them in turn: on few cores that is as fast as several requests, and a
    request can't be used by two threads at once. Its input tensors are its own, one set for each
    shape: nothing of the caller's is shared with the runtime, which would overwrite it.
    """

    def __init__(self, compiled: ov.CompiledModel, frame: Frame) -> None:
        self._compiled = compiled
        self._frame = frame
        self._names = tuple(port.any_name for port in compiled.inputs)
        self._request = compiled.create_infer_request()
        self._tensors: dict[tuple[int, int], dict[str, ov.Tensor]] = {}
        self._turns = Turns()

    @classmethod
    def load(
        cls,
        graph: Path | ov.Model,
        frame: Frame,
        *,
        device: str,
        precision: str,
        streams: int = 1,
    ) -> Runner:
        """Compile a model file, or one that was read; raises as :func:`compile_model`."""
        return cls(compile_model(graph, device, precision, streams=streams), frame)

    def beside(self) -> Runner:
        """A request of its own on the same compiled model: neither waits for the other's turn."""
        return Runner(self._compiled, self._frame)

    @property
    def precision(self) -> str:
        """What floating-point parts are executed in, as the device reports it: ``f32``."""
        try:
            hint = self._compiled.get_property("INFERENCE_PRECISION_HINT")
        except RuntimeError:
            # AUTO and its like have no such property: the device behind them has.
            [device, *_] = self._compiled.get_property("EXECUTION_DEVICES")
            hint = ov.Core().get_property(device.strip("()"), "INFERENCE_PRECISION_HINT")
        return str(hint.get_type_name())

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""
        try:
            return int(self._compiled.get_property("INFERENCE_NUM_THREADS"))
        except RuntimeError:
            return 0

    def run(self, windows: Sequence[Ints]) -> list[Floats]:
        """Logits ``(pieces, tags)`` of each window of piece ids ``(pieces,)``, in order."""
        results: list[Floats] = [np.empty((0, 0), dtype=np.float32)] * len(windows)
        first = len(self._frame.before)
        for length, members in plan([len(ids) + self._frame.special for ids in windows]):
            logits = self._infer([windows[index] for index in members], length)
            for row, index in zip(logits, members, strict=True):
                results[index] = row[first : first + len(windows[index])]
        return results

    def bare(self, rows: int, length: int) -> Callable[[], object]:
        """A request of this shape on the same model, ready to be run and timed: nothing but it."""
        request = self._compiled.create_infer_request()
        ones = np.ones((rows, length), dtype=np.int64)
        values = {name: np.zeros_like(ones) if "type" in name else ones for name in self._names}
        return lambda: request.infer(values, share_inputs=False)

    def _infer(self, batch: Sequence[Ints], length: int) -> Floats:
        """Logits ``(len(batch), length, tags)`` of one padded batch."""
        before, after = self._frame.before, self._frame.after
        first = len(before)
        with self._turns:
            tensors = self._tensors_for(len(batch), length)
            ids, mask = tensors["input_ids"].data, tensors["attention_mask"].data
            for row, window in enumerate(batch):
                last = first + len(window)
                end = last + len(after)
                ids[row, :first] = before
                ids[row, first:last] = window
                ids[row, last:end] = after
                ids[row, end:] = self._frame.pad_id
                mask[row, :end] = 1
                mask[row, end:] = 0
            for name in self._names:
                self._request.set_tensor(name, tensors[name])
            self._request.infer()
            # A copy: the next turn writes into the same memory.
            return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)

    def _tensors_for(self, rows: int, length: int) -> dict[str, ov.Tensor]:
        """The input tensors of a shape; those that are never written to stay zero."""
        found = self._tensors.get((rows, length))
        if found is None:
            names = {"input_ids", "attention_mask", *self._names}
            found = {name: ov.Tensor(np.zeros((rows, length), dtype=np.int64)) for name in names}
            self._tensors[(rows, length)] = found
        return found


def plan(lengths: Sequence[int]) -> list[tuple[int, list[int]]]:
    """Batches for windows of ``lengths`` tokens: the padded length and the windows' indices.

    Windows of one bucket form batches whose sizes are powers of two, so that few shapes occur and
    the runtime's memory stays flat; none is padded with empty rows.
    """
    by_length: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        by_length.setdefault(bucket(length), []).append(index)
    batches = []
    for length, members in sorted(by_length.items()):
        position = 0
        while position < len(members):
            size = batch_size(len(members) - position, length)
            batches.append((length, members[position : position + size]))
            position += size
    return batches


def bucket(length: int) -> int:
    """The padded length for ``length`` tokens: steps of 4 to 32, 8 to 64, 16 to 128, then 32.

    Each new shape costs the runtime memory for good, and each padded token costs time; short texts
    are the common ones, so their steps are finer.
    """
    step = 4 if length <= 32 else 8 if length <= 64 else 16 if length <= 128 else 32
    return -(-length // step) * step


def batch_size(waiting: int, length: int) -> int:
    """The largest power of two that is at most ``waiting`` and within the token budget."""
    most = max(1, min(waiting, BATCH_TOKENS // length))
    return 1 << (most.bit_length() - 1)


def available_devices() -> tuple[str, ...]:
    """The devices that OpenVINO finds here, such as ``CPU`` and ``GPU``."""
    return tuple(ov.Core().available_devices)


@cache
def supports_bf16() -> bool:
    """Whether the CPU can run floating-point models in BF16, as OpenVINO then does by default."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def compile_model(
    graph: Path | ov.Model, device: str, precision: str, *, streams: int = 1
) -> ov.CompiledModel:
    """Compile for lowest latency on the cores that are ours.

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
        return core.compile_model(graph, device, settings)
    except RuntimeError as error:
        name = f"{graph.parent.name}/{graph.name}" if isinstance(graph, Path) else "the graph"
        raise ModelRefused(
            f"OpenVINO can't load {name} on {device}. Prepare the model anew."
        ) from error
