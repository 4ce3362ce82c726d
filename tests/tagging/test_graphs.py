"""A graph for each short length that comes often: the same answers, and none where it costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from ner.errors import ModelRefused
from ner.models.child import ensure_prepared
from ner.models.opened import Sides
from ner.models.prepared import Prepared
from ner.tagging.graphs import FIXED_LENGTHS, FixedGraphs, compile_model, fixed_graphs
from ner.tagging.inference import Frame, Runner, alone, bucket

OFTEN = 50


def windows(lengths: Sequence[int]) -> list[np.ndarray]:
    """Piece ids of windows that have ``lengths`` tokens with the two special ones."""
    rng = np.random.default_rng(0)
    return [rng.integers(10, 250, length - 2) for length in lengths]


@pytest.fixture
def xml(tiny_prepared: Prepared) -> Path:
    """The tiny model's INT8."""
    return tiny_prepared.folder / "openvino_model.xml"


def runner_of(xml: Path, graphs: FixedGraphs) -> Runner:
    """Its runner, with graphs that a test can look into."""
    return Runner(
        compile_model(xml, "CPU", "f32"), graphs, Frame(np.array([2]), np.array([3]), pad_id=0)
    )


def test_a_length_gets_a_graph_when_it_has_changed_the_shape_often(xml: Path) -> None:
    """Not before; a text that is asked for again and again changes nothing."""
    graphs = fixed_graphs(xml, "CPU", "f32")
    runner = runner_of(xml, graphs)
    short, longer = windows([12, 50])
    for _ in range(OFTEN):
        runner.run([short])
    assert graphs.find(16) is None

    for window in islice(cycle([short, longer]), 2 * OFTEN):
        runner.run([window])
    runner.settle()

    assert graphs.find(16) is not None
    assert graphs.find(alone(50)) is None


def test_a_batch_asks_for_no_graph(xml: Path) -> None:
    """Graphs are for single texts; a file's shapes are met in few changes."""
    graphs = fixed_graphs(xml, "CPU", "f32")
    runner = runner_of(xml, graphs)
    for batch in islice(cycle([windows([12, 12]), windows([24, 24])]), 2 * OFTEN):
        runner.run(batch)
    runner.settle()

    assert [None, None, None] == [graphs.find(length) for length in FIXED_LENGTHS]


def test_answers_are_those_of_the_graph_for_all_shapes(bundled_sides: Sides) -> None:
    """The bundled INT8: the same logits, not only tags, so that a batch equals single texts."""
    xml = ensure_prepared(bundled_sides.right.variant).folder / "openvino_model.xml"
    graphs = fixed_graphs(xml, "CPU", "f32")
    runner = runner_of(xml, graphs)
    texts = windows(
        [length for short in range(4, 17) for length in (short, short + 12, short + 24)]
    )
    before = [runner.run([window])[0] for window in texts]
    for window in islice(cycle(texts), 5 * len(texts)):
        runner.run([window])
        runner.settle()
    after = [runner.run([window])[0] for window in texts]

    assert None not in [graphs.find(length) for length in FIXED_LENGTHS]
    for once, now in zip(before, after, strict=True):
        np.testing.assert_allclose(once, now, atol=1e-5)


def test_a_runner_beside_shares_the_graphs(xml: Path) -> None:
    """What one caller's texts have brought about serves the next."""
    graphs = fixed_graphs(xml, "CPU", "f32")
    first = runner_of(xml, graphs)
    for window in islice(cycle(windows([12, 24])), 2 * OFTEN):
        first.run([window])
        first.settle()
    expected = [first.run([window])[0] for window in windows([12, 24])]

    second = first.beside()
    for window, logits in zip(windows([12, 24]), expected, strict=True):
        np.testing.assert_array_equal(logits, second.run([window])[0])


def test_large_models_and_other_devices_have_none(xml: Path, tmp_path: Path) -> None:
    """A graph takes one and a half times its file, and a GPU compiles for a long time."""
    large = tmp_path / "openvino_model.xml"
    with large.with_suffix(".bin").open("wb") as weights:
        weights.truncate(40_000_000)
    for graphs in (
        fixed_graphs(large, "CPU", "f32"),
        fixed_graphs(xml, "GPU", "f32"),
        fixed_graphs(ov.Core().read_model(xml), "CPU", "f32"),
    ):
        for _ in range(OFTEN):
            graphs.count_change(16)
        graphs.settle()
        assert graphs.find(16) is None


def test_a_graph_that_cannot_be_made_is_done_without() -> None:
    """Nobody who sends a text hears of it, and it isn't tried again."""
    tried = []

    def refuse(length: int) -> ov.CompiledModel:
        tried.append(length)
        raise ModelRefused("no memory")

    graphs = FixedGraphs(refuse)
    for _ in range(OFTEN):
        graphs.count_change(24)
        graphs.settle()

    assert graphs.find(24) is None
    assert [24] == tried


@pytest.mark.parametrize(("length", "padded"), [(2, 16), (16, 16), (17, 24), (32, 32), (33, 40)])
def test_a_window_alone_is_padded_to_few_lengths(length: int, padded: int) -> None:
    """Those of the graphs, then as in batches."""
    assert padded == alone(length)
    assert alone(length) >= bucket(length)
