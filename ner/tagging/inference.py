"""Running a compiled model: windows in, logits out, in batches of few shapes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from ner.machine import usable_cores
from ner.tagging.decode import Floats, Ints
from ner.tagging.graphs import FIXED_LENGTHS, Graphs
from ner.tagging.request import Frame, Request, Turns
from ner.telemetry import without_telemetry

with without_telemetry():
    import openvino as ov

# Padded tokens in one batch. On two cores 512 are up to a tenth slower and 2,048 hardly faster
# (assets/results/shapes.json); one text waits for a batch at most.
BATCH_TOKENS = 1024
# The same where each core has its own batches: more take memory and are no faster.
STREAM_TOKENS = 256
# Fewer batches for each core are not worth the threads.
_BATCHES_A_STREAM = 4

T = TypeVar("T")
# The padded length of a batch, and the indices of its windows.
Batch = tuple[int, list[int]]


@dataclass(frozen=True)
class Work:
    """``batches``, to be shared out among ``requests``."""

    batches: Sequence[Batch]
    requests: Sequence[Request]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Rows and padded tokens of each batch."""
        return [(len(members), length) for length, members in self.batches]


class Runner:
    """A compiled token classifier that any number of threads may use.

    One request serves all of them in turn: on few cores that is as fast as several requests. A
    single short text runs on a graph of its length, and many texts on a request for each core,
    where there are such graphs by now.
    """

    def __init__(self, graphs: Graphs, frame: Frame) -> None:
        self._graphs = graphs
        self._frame = frame
        self._turns = Turns()
        self._for_all = Request(graphs.for_all, frame, self._turns)
        self._fixed: dict[int, Request] = {}
        self._for_many: tuple[Request, ...] = ()
        self._many_tokens = usable_cores() * _BATCHES_A_STREAM * STREAM_TOKENS

    def beside(self) -> Runner:
        """Requests of its own on the same graphs: neither waits for the other's turn."""
        return Runner(self._graphs, self._frame)

    def settle(self, lengths: Sequence[int] = ()) -> None:
        """Wait for graphs that are being compiled, so that they take no time from what is timed.

        The graph for many texts, if windows of ``lengths`` together are many, is compiled now.
        """
        for_many = self._graphs.for_many
        if for_many and self._are_many(lengths):
            for_many.start()
        self._graphs.settle()

    @property
    def precision(self) -> str:
        """What floating-point parts are executed in, as the device reports it: ``f32``."""
        compiled = self._graphs.for_all
        try:
            hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        except RuntimeError:
            # AUTO and its like have no such property: the device behind them has.
            [device, *_] = compiled.get_property("EXECUTION_DEVICES")
            hint = ov.Core().get_property(device.strip("()"), "INFERENCE_PRECISION_HINT")
        return str(hint.get_type_name())

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""
        try:
            return int(self._graphs.for_all.get_property("INFERENCE_NUM_THREADS"))
        except RuntimeError:
            return 0

    def run(self, windows: Sequence[Ints]) -> list[Floats]:
        """Logits ``(pieces, tags)`` of each window of piece ids ``(pieces,)``, in order."""
        results: list[Floats] = [np.empty((0, 0), dtype=np.float32)] * len(windows)
        first = len(self._frame.before)

        def answer(request: Request, batch: Batch) -> None:
            length, members = batch
            logits = request.infer([windows[index] for index in members], length)
            for row, index in zip(logits, members, strict=True):
                results[index] = row[first : first + len(windows[index])]

        lengths = [len(ids) + self._frame.special for ids in windows]
        work = self.plan(lengths)
        self._count(lengths)
        share_out(work.batches, [partial(answer, request) for request in work.requests])
        return results

    def plan(self, lengths: Sequence[int]) -> Work:
        """How windows of ``lengths`` tokens are run with the graphs that there are by now."""
        if len(lengths) == 1:
            length = alone(lengths[0])
            return Work([(length, [0])], (self._request_alone(length),))
        requests = self._requests_for_many()
        if requests and self._are_many(lengths):
            return Work(batches(lengths, STREAM_TOKENS), requests)
        return Work(batches(lengths, BATCH_TOKENS), (self._for_all,))

    def bare(self, lengths: Sequence[int]) -> Callable[[], object]:
        """The requests for such windows, ready to be run and timed: nothing but them."""
        work = self.plan(lengths)
        names = [port.any_name for port in self._graphs.for_all.inputs]
        values = {
            shape: {name: np.full(shape, "type" not in name, dtype=np.int64) for name in names}
            for shape in set(work.shapes)
        }

        def infer(request: ov.InferRequest, shape: tuple[int, int]) -> None:
            request.infer(values[shape], share_inputs=False)

        fresh = [request.compiled.create_infer_request() for request in work.requests]
        return partial(share_out, work.shapes, [partial(infer, request) for request in fresh])

    def _count(self, lengths: Sequence[int]) -> None:
        """Tell the graphs that are made later what has come."""
        if len(lengths) == 1:
            length = alone(lengths[0])
            if length in self._graphs.fixed and self._for_all.shape != (1, length):
                self._graphs.fixed[length].count()
        elif self._graphs.for_many and self._are_many(lengths):
            self._graphs.for_many.count(sum(lengths))

    def _are_many(self, lengths: Sequence[int]) -> bool:
        """Whether there is enough for every core to have several batches."""
        return sum(lengths) >= self._many_tokens

    def _request_alone(self, length: int) -> Request:
        """That for one window of ``length`` tokens."""
        found = self._fixed.get(length)
        if found is None:
            later = self._graphs.fixed.get(length)
            if later is None or later.made is None:
                return self._for_all
            found = self._fixed[length] = Request(later.made, self._frame, self._turns)
        return found

    def _requests_for_many(self) -> tuple[Request, ...]:
        """One for each stream of the graph for many texts; none as long as there is no graph."""
        later = self._graphs.for_many
        if not self._for_many and later is not None and later.made is not None:
            self._for_many = tuple(
                Request(later.made, self._frame, Turns())
                for _ in range(later.made.get_property("NUM_STREAMS"))
            )
        return self._for_many


def share_out(work: Iterable[T], workers: Sequence[Callable[[T], None]]) -> None:
    """Have each piece of ``work`` done by whichever of ``workers`` is free.

    The caller's thread serves the first, so that it gets done where no other thread is to be had.
    """
    waiting = deque(work)

    def serve(worker: Callable[[T], None]) -> None:
        try:
            while True:
                try:
                    piece = waiting.popleft()
                except IndexError:
                    return
                worker(piece)
        finally:
            # After a failure or an interrupt the others end with what they are at.
            waiting.clear()

    if len(workers) == 1:
        serve(workers[0])
        return
    with ThreadPoolExecutor(len(workers)) as pool:
        others = []
        with suppress(RuntimeError):
            for worker in workers[1:]:
                others.append(pool.submit(serve, worker))  # noqa: PERF401 - keeps those begun
        serve(workers[0])
        for other in others:
            other.result()


def batches(lengths: Sequence[int], budget: int) -> list[Batch]:
    """Batches for windows of ``lengths`` tokens, of about ``budget`` padded ones each.

    Windows of one bucket form batches whose sizes are powers of two, so that few shapes occur and
    the runtime's memory stays flat; none is padded with empty rows.
    """
    by_length: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        by_length.setdefault(bucket(length), []).append(index)
    found = []
    for length, members in sorted(by_length.items()):
        position = 0
        while position < len(members):
            size = batch_size(len(members) - position, length, budget)
            found.append((length, members[position : position + size]))
            position += size
    return found


def alone(length: int) -> int:
    """The padded length for a window that is run alone: one of fewer, which may have a graph."""
    return next((fixed for fixed in FIXED_LENGTHS if length <= fixed), bucket(length))


def bucket(length: int) -> int:
    """The padded length for ``length`` tokens: steps of 4 to 32, 8 to 64, 16 to 128, then 32.

    Each new shape costs the runtime memory for good, and each padded token costs time; short texts
    are the common ones, so their steps are finer.
    """
    step = 4 if length <= 32 else 8 if length <= 64 else 16 if length <= 128 else 32
    return -(-length // step) * step


def batch_size(waiting: int, length: int, budget: int) -> int:
    """The largest power of two that is at most ``waiting`` and within ``budget`` tokens."""
    most = max(1, min(waiting, budget // length))
    return 1 << (most.bit_length() - 1)
