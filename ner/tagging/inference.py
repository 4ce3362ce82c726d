"""Running a compiled model: one request, own tensors, few shapes, callers in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from ner.tagging.graphs import FIXED_LENGTHS, FixedGraphs, compile_model, fixed_graphs
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Tensors = dict[str, ov.Tensor]

# Padded tokens in one batch. On two cores 512 are up to a tenth slower and 2,048 hardly faster
# (assets/results/shapes.json); one text waits for a batch at most.
BATCH_TOKENS = 1024


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
    shape: nothing of the caller's is shared with the runtime, which would overwrite it. A single
    short text runs on a graph of its length where there is one (``fixed``).
    """

    def __init__(self, compiled: ov.CompiledModel, fixed: FixedGraphs, frame: Frame) -> None:
        self._compiled = compiled
        self._fixed = fixed
        self._frame = frame
        self._names = tuple(port.any_name for port in compiled.inputs)
        self._request = compiled.create_infer_request()
        self._shape = (0, 0)
        self._tensors: dict[tuple[int, int], Tensors] = {}
        self._fixed_requests: dict[int, ov.InferRequest] = {}
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
        compiled = compile_model(graph, device, precision, streams=streams)
        # A graph of one length has one stream.
        fixed = fixed_graphs(graph, device, precision) if streams == 1 else FixedGraphs(None)
        return cls(compiled, fixed, frame)

    def beside(self) -> Runner:
        """A request of its own on the same compiled model: neither waits for the other's turn."""
        return Runner(self._compiled, self._fixed, self._frame)

    def settle(self) -> None:
        """Wait for what is still being compiled, so that it takes no time from what is timed."""
        self._fixed.settle()

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
        graph = self._fixed.find(length) if rows == 1 else None
        request = (graph or self._compiled).create_infer_request()
        ones = np.ones((rows, length), dtype=np.int64)
        values = {name: np.zeros_like(ones) if "type" in name else ones for name in self._names}
        return lambda: request.infer(values, share_inputs=False)

    def _infer(self, batch: Sequence[Ints], length: int) -> Floats:
        """Logits ``(len(batch), length, tags)`` of one padded batch."""
        before, after = self._frame.before, self._frame.after
        first = len(before)
        with self._turns:
            request, tensors = self._ready(len(batch), length)
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
            request.infer()
            # A copy: the next turn writes into the same memory.
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    def _ready(self, rows: int, length: int) -> tuple[ov.InferRequest, Tensors]:
        """A request whose inputs are of this shape, and the tensors that they are."""
        tensors = self._tensors_for(rows, length)
        if rows == 1 and (fixed := self._fixed_request(length, tensors)):
            return fixed, tensors
        if (rows, length) != self._shape:
            self._give(self._request, tensors)
            self._shape = rows, length
            if rows == 1:
                self._fixed.count_change(length)
        return self._request, tensors

    def _fixed_request(self, length: int, tensors: Tensors) -> ov.InferRequest | None:
        """The request for one window of ``length`` tokens alone, which keeps its tensors."""
        found = self._fixed_requests.get(length)
        if found is None and (graph := self._fixed.find(length)):
            found = self._fixed_requests[length] = graph.create_infer_request()
            self._give(found, tensors)
        return found

    def _give(self, request: ov.InferRequest, tensors: Tensors) -> None:
        for name in self._names:
            request.set_tensor(name, tensors[name])

    def _tensors_for(self, rows: int, length: int) -> Tensors:
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
    the runtime's memory stays flat; none is padded with empty rows. A window alone gets one of
    still fewer lengths, each of which may have a graph of its own.
    """
    if len(lengths) == 1:
        return [(alone(lengths[0]), [0])]
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


def alone(length: int) -> int:
    """The padded length for a window that is run alone."""
    return next((fixed for fixed in FIXED_LENGTHS if length <= fixed), bucket(length))


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
