"""Running a compiled model: windows in, logits out, in batches of few shapes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ner.errors import ModelRefused
from ner.tagging.decode import Floats, Ints
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

# The padded lengths and the numbers of windows of a batch. The runtime keeps memory for each shape
# that it has met, and prepares its graph at each change: see assets/results/shapes.json.
LENGTHS = (16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
ROWS = (32, 16, 8, 4, 2, 1)
# Padded tokens in one batch: one text waits for a batch at most.
BATCH_TOKENS = 1024
# What a batch costs beside its tokens, as so many more of them: the change of shape above all.
_COST_OF_A_BATCH = 60

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

# The padded length of a batch, and the indices of its windows.
Batch = tuple[int, list[int]]


@dataclass(frozen=True)
class Frame:
    """What goes around the pieces of a window: special tokens before and after, padding behind.

    ``before`` and ``after`` are token ids ``(n,)``; ``longest`` is how many tokens the model reads
    at once, all of these included.
    """

    before: Ints
    after: Ints
    pad_id: int
    longest: int

    @property
    def special(self) -> int:
        """How many special tokens a window gets."""
        return len(self.before) + len(self.after)

    @property
    def window(self) -> int:
        """How many pieces a window has at most."""
        return self.longest - self.special


class Turns:
    """A lock that serves threads in the order in which they came.

    A plain lock can be taken again at once by the thread that let it go, so a long batch would keep
    everyone else waiting; here one text waits for at most one batch of each that came before.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._came: deque[object] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn, and end it."""
        mine = object()
        with self._changed:
            self._came.append(mine)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._came[0] is mine)
            yield
        finally:
            # Interrupted while waiting, too: nobody may wait for this turn.
            with self._changed:
                self._came.remove(mine)
                self._changed.notify_all()


class Runner:
    """A compiled token classifier that any number of threads may use, in turns.

    One request serves all of them: on few cores that is as fast as several requests. Its input
    tensors are copies: nothing of the caller's is shared with the runtime, which would overwrite
    it. Raises ``ModelRefused`` for a graph with other inputs than the known ones.
    """

    def __init__(self, compiled: ov.CompiledModel, frame: Frame) -> None:
        self.frame = frame
        self._compiled = compiled
        self._ports = input_ports(compiled)
        self._request = compiled.create_infer_request()
        self._turns = Turns()

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
        frame, first = self.frame, len(self.frame.before)
        lengths = [len(ids) + frame.special for ids in windows]
        for length, members in batches(lengths, frame.longest):
            logits = self._infer([windows[index] for index in members], length)
            for row, index in zip(logits, members, strict=True):
                results[index] = row[first : first + len(windows[index])]
        return results

    def _infer(self, batch: Sequence[Ints], length: int) -> Floats:
        """Logits ``(len(batch), length, tags)`` of windows of piece ids ``(pieces,)``, padded."""
        ids = np.full((len(batch), length), self.frame.pad_id, dtype=np.int64)
        inputs = {name: np.zeros_like(ids) for name in _INPUTS} | {"input_ids": ids}
        for row, window in enumerate(batch):
            end = len(window) + self.frame.special
            ids[row, :end] = np.concatenate([self.frame.before, window, self.frame.after])
            inputs["attention_mask"][row, :end] = 1
        with self._turns.turn():
            for name, port in self._ports.items():
                self._request.set_tensor(port, ov.Tensor(inputs[name]))
            self._request.infer()
            # A copy: the next turn writes into the same memory.
            return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)


def input_ports(graph: ov.CompiledModel | ov.Model) -> dict[str, ov.Output]:
    """The graph's inputs by name; ``ModelRefused`` for one that nothing is known to feed.

    A port may have several names, such as ``input_ids`` and ``49``, of which ``any_name`` is any.
    """
    found = {}
    for port in graph.inputs:
        name = next((name for name in _INPUTS if name in port.names), None)
        if name is None:
            raise ModelRefused(
                f"The model's graph has an input {'/'.join(sorted(port.names))[:60]}; known are "
                f"{', '.join(_INPUTS)}, since a model is given text alone."
            )
        found[name] = port
    if "input_ids" not in found:
        raise ModelRefused("The model's graph has no input input_ids.")
    return found


def batches(lengths: Sequence[int], longest: int) -> list[Batch]:
    """Batches for windows of ``lengths`` tokens, of which a model reads ``longest`` at once.

    The longest windows come first. A batch is padded to the next of ``LENGTHS`` for its first
    window, and takes one of ``ROWS`` windows: the number that costs least for each token in them.

    >>> batches([30, 7, 12, 61, 60, 62], 512)
    [(64, [5, 3, 4, 0]), (16, [2, 1])]
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    found: list[Batch] = []
    begin = 0
    while begin < len(order):
        needed = lengths[order[begin]]
        length = min(longest, next(length for length in LENGTHS if length >= needed))
        rest = order[begin : begin + max(1, BATCH_TOKENS // length)]
        tokens = list(accumulate(lengths[index] for index in rest))
        size = min(
            (rows for rows in ROWS if rows <= len(rest)),
            key=lambda rows: (_COST_OF_A_BATCH + rows * length) / tokens[rows - 1],
        )
        found.append((length, rest[:size]))
        begin += size
    return found
