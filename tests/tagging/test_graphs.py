"""Graphs for the kinds of work that come often: made once, by a thread, and none where it costs."""

from __future__ import annotations

import threading
from pathlib import Path

import openvino as ov
import pytest

from ner.errors import ModelRefused
from ner.models.folder import Prepared
from ner.tagging import graphs as graphs_module
from ner.tagging.graphs import FIXED_LENGTHS, Graphs, LaterGraph


@pytest.fixture
def xml(tiny_prepared: Prepared) -> Path:
    """The tiny model's INT8."""
    return tiny_prepared.folder / "openvino_model.xml"


def load(graph: Path | ov.Model, device: str = "CPU", streams: int | None = None) -> Graphs:
    """Its graphs."""
    return Graphs.load(graph, device=device, precision="f32", streams=streams)


def test_a_graph_is_made_once_its_work_has_come_often() -> None:
    """Not before, and not twice."""
    made = []
    later = LaterGraph(lambda: made.append("graph") or "graph", after=3)  # type: ignore[arg-type, func-returns-value]
    later.count()
    later.count()
    later.settle()
    assert later.made is None

    for _ in range(5):
        later.count()
        later.settle()
    assert (later.made, made) == ("graph", ["graph"])


def test_a_graph_that_cannot_be_made_is_done_without() -> None:
    """Nobody who sends a text hears of it, and it isn't tried again."""
    tried = []

    def refuse() -> ov.CompiledModel:
        tried.append("graph")
        raise ModelRefused("no memory")

    later = LaterGraph(refuse, after=1)
    for _ in range(5):
        later.count()
        later.settle()

    assert later.made is None
    assert tried == ["graph"]


def test_where_no_thread_is_to_be_had_no_text_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again with the next text."""
    made = []
    later = LaterGraph(lambda: made.append("graph") or "graph", after=1)  # type: ignore[arg-type, func-returns-value]

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", refuse)
        later.count()
        later.settle()
    assert not made
    later.count()
    later.settle()
    assert made == ["graph"]


def test_a_small_file_for_the_cpu_has_all_of_them(
    xml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One core has nothing to share out, so none for many texts."""
    monkeypatch.setattr(graphs_module, "usable_cores", lambda: 2)
    graphs = load(xml)
    assert tuple(graphs.fixed) == FIXED_LENGTHS
    assert graphs.for_many is not None
    graphs.for_many.start()
    graphs.settle()
    assert graphs.for_many.made is not None
    assert graphs.for_many.made.get_property("NUM_STREAMS") == 2

    monkeypatch.setattr(graphs_module, "usable_cores", lambda: 1)
    assert load(xml).for_many is None


def test_large_models_and_other_devices_have_none(
    xml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cost a multiple of the file in memory, and a GPU compiles for a long time."""
    monkeypatch.setattr(graphs_module, "usable_cores", lambda: 2)
    monkeypatch.setattr(graphs_module, "compile_model", lambda *given, **settings: "compiled")
    large = tmp_path / "openvino_model.xml"
    weights = large.with_suffix(".bin")
    with weights.open("wb") as file:
        file.truncate(40_000_000)
    assert (load(large).fixed, load(large).for_many is None) == ({}, False)
    with weights.open("ab") as file:
        file.truncate(140_000_000)

    nothing = Graphs("compiled")
    assert load(large) == nothing
    assert load(xml, device="GPU") == nothing
    assert load(xml, streams=1) == nothing
    assert load(ov.Core().read_model(xml)) == nothing
