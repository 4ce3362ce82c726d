"""Which layers carry the error: measured on edited graphs of real models."""

from __future__ import annotations

import pytest

from ner.choosing.graphs import differing_groups, read_graph, restore
from ner.choosing.layers import LayerErrors, LayerShare, layer_errors, layer_errors_json
from ner.errors import InputError
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.models.catalogue import find, gate_file, read_texts
from ner.models.child import ensure_prepared
from ner.models.prepared import Prepared
from ner.models.variants import default_sides
from ner.stats import Interval

TINY_GROUPS = [
    "embeddings",
    *(
        f"layer {layer}, {part}"
        for layer in (0, 1)
        for part in ("attention", "first feed-forward product", "second feed-forward product")
    ),
    "classifier",
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Some of the project's own."""
    return read_texts(gate_file(find("bundled")))[:40]


@pytest.fixture(scope="module")
def tiny_errors(tiny_original: Prepared, tiny_prepared: Prepared, texts: list[str]) -> LayerErrors:
    """Those of the tiny model's INT8."""
    return layer_errors(tiny_original.folder, tiny_prepared.folder, texts)


def test_each_group_of_layers_is_measured(tiny_errors: LayerErrors) -> None:
    """In the order in which a text passes them; each share lies in its interval."""
    assert [part.group for part in tiny_errors.groups] == TINY_GROUPS
    assert tiny_errors.divergence > 0
    assert tiny_errors.texts == 40
    assert tiny_errors.pieces > 40
    assert tiny_errors.first_layer is not None
    for part in (*tiny_errors.groups, tiny_errors.first_layer):
        assert part.share in part.interval
        assert part.share <= 1
    assert sum(part.share for part in tiny_errors.groups) > 0.5


def test_the_original_does_not_differ_from_itself(
    tiny_original: Prepared, texts: list[str]
) -> None:
    """No group is quantized, and the divergence is zero to the last bit."""
    original = tiny_original.folder
    errors = layer_errors(original, original, texts)

    assert errors.divergence == 0
    assert errors.groups == ()
    assert errors.first_layer is None
    assert "nothing is to be won" in errors.sentence


def test_with_every_group_restored_int8_is_the_original(
    tiny_original: Prepared,
    tiny_prepared: Prepared,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing that quantizing changed is left: weights, biases and activations."""
    original, int8 = tiny_original.folder, tiny_prepared.folder

    def read_restored(folder: object) -> object:
        graph = read_graph(int8)
        restore(graph, read_graph(original), differing_groups(graph, read_graph(original)))
        return graph

    monkeypatch.setattr("ner.choosing.layers.read_graph", read_restored)
    assert layer_errors(original, int8, texts).divergence == 0


def test_texts_are_bounded_and_empty_ones_left_out(
    tiny_original: Prepared, tiny_prepared: Prepared
) -> None:
    """One long text is cut, and nothing but spaces is no text."""
    original, int8 = tiny_original.folder, tiny_prepared.folder
    errors = layer_errors(original, int8, ["", "Berlin " * 2000, "My name is Wolfgang."])

    assert errors.texts == 2
    assert errors.pieces < 1000
    with pytest.raises(InputError, match="no text to measure on"):
        layer_errors(original, int8, ["", "  "])


def test_it_reports_and_stops(
    tiny_original: Prepared, tiny_prepared: Prepared, texts: list[str]
) -> None:
    """Each measured graph is a step; once asked to stop it measures no further one."""
    original, int8 = tiny_original.folder, tiny_prepared.folder
    steps: list[BenchmarkStep] = []

    with pytest.raises(Stopped):
        layer_errors(original, int8, texts, report=steps.append, stop=lambda: len(steps) == 3)
    assert [step.done for step in steps] == [1, 2, 3]
    assert {step.total for step in steps} == {len(TINY_GROUPS) + 2}


def test_what_follows_is_said_with_its_uncertainty() -> None:
    """The largest part, then the ways out, the first layer's share beside the careful one."""
    parts = (
        LayerShare("embeddings", 0.08, Interval(0.02, 0.1)),
        LayerShare("layer 0, second feed-forward product", 0.404, Interval(0.31, 0.5)),
    )
    errors = LayerErrors(0.001, 300, 3602, parts, LayerShare("layer 0", 0.57, Interval(0.5, 0.6)))

    assert errors.largest_first == parts[::-1]
    assert "layer 0, second feed-forward product: 40 % [31–50] of it goes" in errors.sentence
    assert "int8-careful (layer 0, with 57 % [50–60]), or int8-weights" in errors.sentence
    assert layer_errors_json(errors)["groups"][1] == {
        "group": "layer 0, second feed-forward product",
        "share": 0.404,
        "low": 0.31,
        "high": 0.5,
    }


@pytest.mark.full
def test_the_bundled_models_first_layer_carries_the_most(ner_home: object) -> None:
    """Its second feed-forward product before all others, as when it was measured by quantizing."""
    spec = find("bundled")
    int8, original = map(ensure_prepared, reversed(default_sides(spec)))
    errors = layer_errors(original.folder, int8.folder, read_texts(gate_file(spec)))

    assert errors.largest_first[0].group == "layer 0, second feed-forward product"
    assert errors.first_layer is not None
    assert errors.first_layer.share >= errors.largest_first[0].share
    last = [part for part in errors.groups if part.group.startswith("layer 5")]
    assert all(part.share < 0.05 for part in last)
