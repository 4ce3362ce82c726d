"""One infer request: its own tensors, few shapes, callers in turn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from ner.tagging.decode import Floats, Ints
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

Tensors = dict[str, ov.Tensor]


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


class Request:
    """An infer request that any number of threads may use, each in its ``turns``.

    Its input tensors are its own, one set for each shape: nothing of the caller's is shared with
    the runtime, which would overwrite it.
    """

    def __init__(self, compiled: ov.CompiledModel, frame: Frame, turns: Turns) -> None:
        self.compiled = compiled
        self._frame = frame
        self._turns = turns
        self._names = tuple(port.any_name for port in compiled.inputs)
        self._request = compiled.create_infer_request()
        self._shape = (0, 0)
        self._tensors: dict[tuple[int, int], Tensors] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and tokens of the last batch: another shape has the graph prepared anew."""
        return self._shape

    def infer(self, batch: Sequence[Ints], length: int) -> Floats:
        """Logits ``(len(batch), length, tags)`` of windows of piece ids ``(pieces,)``, padded."""
        before, after = self._frame.before, self._frame.after
        first = len(before)
        with self._turns:
            tensors = self._ready(len(batch), length)
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
            self._request.infer()
            # A copy: the next turn writes into the same memory.
            return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)

    def _ready(self, rows: int, length: int) -> Tensors:
        """The request's input tensors, of this shape."""
        tensors = self._tensors_for(rows, length)
        if (rows, length) != self._shape:
            # Until all are set, it has no shape: the caller may be interrupted.
            self._shape = 0, 0
            for name in self._names:
                self._request.set_tensor(name, tensors[name])
            self._shape = rows, length
        return tensors

    def _tensors_for(self, rows: int, length: int) -> Tensors:
        """The input tensors of a shape; those that are never written to stay zero."""
        found = self._tensors.get((rows, length))
        if found is None:
            names = {"input_ids", "attention_mask", *self._names}
            found = {name: ov.Tensor(np.zeros((rows, length), dtype=np.int64)) for name in names}
            self._tensors[(rows, length)] = found
        return found
