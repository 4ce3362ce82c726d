"""Windows in, logits out: the same ones whichever graph ran them, in few shapes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest

from ner.models.child import ensure_prepared
from ner.models.folder import Prepared
from ner.models.open import Sides
from ner.tagging import graphs as graphs_module
from ner.tagging import inference
from ner.tagging.graphs import FIXED_LENGTHS, Graphs
from ner.tagging.inference import (
    BATCH_TOKENS,
    STREAM_TOKENS,
    Runner,
    alone,
    batch_size,
    bucket,
    share_out,
)
from ner.tagging.request import Frame

OFTEN = 50


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one core there would be no graph for many texts."""
    for module in (graphs_module, inference):
        monkeypatch.setattr(module, "usable_cores", lambda: 2)


def windows(lengths: Sequence[int]) -> list[np.ndarray]:
    """Piece ids of windows that have ``lengths`` tokens with the two special ones."""
    rng = np.random.default_rng(0)
    return [rng.integers(10, 250, length - 2) for length in lengths]


MANY = windows([4 + index % 60 for index in range(200)])


@pytest.fixture
def graphs(tiny_prepared: Prepared) -> Graphs:
    """Those of the tiny model's INT8."""
    return load(tiny_prepared.folder)


def load(folder: Path) -> Graphs:
    """The graphs of a variant."""
    return Graphs.load(folder / "openvino_model.xml", device="CPU", precision="f32")


def runner_of(graphs: Graphs) -> Runner:
    """A runner on graphs that a test can look into."""
    return Runner(graphs, Frame(np.array([2]), np.array([3]), pad_id=0))


def made(graphs: Graphs) -> list[bool]:
    """Whether each of the fixed lengths has its graph."""
    return [graphs.fixed[length].made is not None for length in FIXED_LENGTHS]


def test_a_length_gets_a_graph_when_it_has_changed_the_shape_often(graphs: Graphs) -> None:
    """Not before; a text that is asked for again and again changes nothing."""
    runner = runner_of(graphs)
    short, longer = windows([12, 50])
    for _ in range(OFTEN):
        runner.run([short])
    runner.settle()
    assert made(graphs) == [False, False, False]

    for window in islice(cycle([short, longer]), 2 * OFTEN):
        runner.run([window])
    runner.settle()

    assert made(graphs) == [True, False, False]


def test_a_batch_asks_for_no_fixed_graph(graphs: Graphs) -> None:
    """They are for single texts; a file's shapes are met in few changes."""
    runner = runner_of(graphs)
    for batch in islice(cycle([windows([12, 12]), windows([24, 24])]), 2 * OFTEN):
        runner.run(batch)
    runner.settle()

    assert made(graphs) == [False, False, False]


def test_many_texts_get_a_stream_for_each_core_once_many_have_come(graphs: Graphs) -> None:
    """Few at a time never lead to it, and go on as they did when it is there."""
    assert graphs.for_many is not None
    runner = runner_of(graphs)
    lengths = [len(window) + 2 for window in MANY]
    for _ in range(OFTEN):
        runner.run(MANY[:20])
    runner.settle(lengths[:20])
    assert graphs.for_many.made is None

    for _ in range(5):
        runner.run(MANY)
        runner.settle()

    assert len(runner.plan(lengths).requests) == 2
    assert max(rows * length for rows, length in runner.plan(lengths).shapes) <= STREAM_TOKENS
    assert len(runner.plan(lengths[:20]).requests) == 1


def test_settling_makes_the_graph_that_texts_lead_to(graphs: Graphs) -> None:
    """So that nothing is compiled while they are timed."""
    runner = runner_of(graphs)
    lengths = [len(window) + 2 for window in MANY]
    assert len(runner.plan(lengths).requests) == 1
    runner.settle(lengths)
    assert len(runner.plan(lengths).requests) == 2


def test_answers_are_those_of_the_graph_for_all(bundled_sides: Sides) -> None:
    """The bundled INT8: the same logits, not only tags, so that a batch equals single texts."""
    graphs = load(ensure_prepared(bundled_sides.right.variant).folder)
    runner = runner_of(graphs)
    texts = windows(
        [length for short in range(4, 17) for length in (short, short + 12, short + 24)]
    )
    before = [runner.run([window])[0] for window in texts]
    together = runner.run(texts * 4)
    for window in islice(cycle(texts), 5 * len(texts)):
        runner.run([window])
        runner.settle()
    after = [runner.run([window])[0] for window in texts]
    runner.settle([len(window) + 2 for window in texts * 4])
    at_once = runner.run(texts * 4)

    assert made(graphs) == [True, True, True]
    for once, now in zip(before, after, strict=True):
        np.testing.assert_allclose(once, now, atol=1e-5)
    for once, now in zip(together, at_once, strict=True):
        np.testing.assert_allclose(once, now, atol=1e-5)
    for once, now in zip(before * 4, at_once, strict=True):
        assert (once.argmax(axis=1) == now.argmax(axis=1)).all()


def test_many_callers_at_once_get_their_own_answers(graphs: Graphs) -> None:
    """Files and single texts of several threads, on all graphs."""
    runner = runner_of(graphs)
    expected = runner.run(MANY)
    runner.settle([len(window) + 2 for window in MANY])
    found: dict[int, list[np.ndarray]] = {}

    def ask(number: int) -> None:
        found[number] = runner.run(MANY) if number % 2 else [runner.run([each])[0] for each in MANY]

    callers = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sorted(found) == [0, 1, 2, 3]
    for answers in found.values():
        for wanted, had in zip(expected, answers, strict=True):
            np.testing.assert_allclose(wanted, had, atol=1e-4)


def test_a_runner_beside_shares_the_graphs(graphs: Graphs) -> None:
    """What one caller's texts have brought about serves the next."""
    first = runner_of(graphs)
    for window in islice(cycle(windows([12, 24])), 2 * OFTEN):
        first.run([window])
        first.settle()
    first.settle([len(window) + 2 for window in MANY])
    expected = [first.run([window])[0] for window in windows([12, 24])]

    second = first.beside()
    # It waits for none of the first's turns.
    with first._turns:
        second.run(windows([12, 24]))
    assert len(second.plan([len(window) + 2 for window in MANY]).requests) == 2
    for window, logits in zip(windows([12, 24]), expected, strict=True):
        np.testing.assert_array_equal(logits, second.run([window])[0])


@pytest.mark.parametrize("lengths", [[12], [40, 50], [len(window) + 2 for window in MANY]])
def test_bare_requests_run_what_the_texts_would(
    graphs: Graphs, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One text, a few, many: to be timed beside them."""
    runner = runner_of(graphs)
    runner.settle(lengths)
    ran: list[tuple[int, int]] = []

    def note(work: Sequence[tuple[int, int]], workers: Sequence[Callable[..., None]]) -> None:
        ran.extend(work)
        assert len(workers) == len(runner.plan(lengths).requests)
        share_out(work, workers)

    monkeypatch.setattr(inference, "share_out", note)
    runner.bare(lengths)()

    assert ran == runner.plan(lengths).shapes
    assert sum(rows for rows, _ in ran) == len(lengths)


def test_all_work_is_done_once_by_whoever_is_free() -> None:
    """Also by one worker, and where there is no work."""
    done: list[int] = []
    share_out(range(1000), [done.append, done.append, done.append])
    assert sorted(done) == list(range(1000))
    share_out([1], [done.append])
    assert done[-1] == 1
    share_out([], [done.append, done.append])


def test_work_is_done_where_no_thread_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Python is about to end, or the system has no more threads."""

    def refuse(*given: object) -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    done: list[int] = []
    share_out(range(10), [done.append, done.append])
    assert done == list(range(10))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failure_ends_the_work(workers: int) -> None:
    """Whoever asked hears of it, and nobody goes on with what is left."""
    done: list[int] = []
    failed = threading.Event()

    def work(piece: int) -> None:
        if piece == 0:
            failed.set()
            raise IndexError("piece 0")
        failed.wait(10)
        done.append(piece)

    each: list[Callable[[int], None]] = [work] * workers
    with pytest.raises(IndexError, match="piece 0"):
        share_out(range(1000), each)
    assert len(done) < 999


def test_few_shapes_occur() -> None:
    """Any length and number of texts falls into few shapes, or memory would grow with each."""
    for budget in (STREAM_TOKENS, BATCH_TOKENS):
        shapes = {
            (batch_size(waiting, bucket(length), budget), bucket(length))
            for length in range(1, 513)
            for waiting in range(1, 200)
        }

        assert len(shapes) < 120
        assert all(size * length <= budget or size == 1 for size, length in shapes)


@pytest.mark.parametrize(("length", "padded"), [(2, 16), (16, 16), (17, 24), (32, 32), (33, 40)])
def test_a_window_alone_is_padded_to_few_lengths(length: int, padded: int) -> None:
    """Those of the graphs, then as in batches."""
    assert padded == alone(length)
    assert alone(length) >= bucket(length)
