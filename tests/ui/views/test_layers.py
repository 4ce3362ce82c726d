"""The chart of layers: those that carry most, largest first, and what follows."""

from __future__ import annotations

from ner.choosing.layers import LayerErrors, LayerShare, layer_errors_json
from ner.stats import Interval
from ner.ui.views.layers import layers_chart


def test_the_largest_groups_are_drawn_with_their_intervals() -> None:
    """Eight at most, none of them that carries nothing; the ways out stand below."""
    groups = (
        LayerShare("embeddings", -0.01, Interval(-0.02, 0.01)),
        *(LayerShare(f"layer {n}", n / 20, Interval(n / 40, n / 10)) for n in range(10)),
    )
    chart = layers_chart(layer_errors_json(LayerErrors(0.001, 117, 3602, groups, None)))

    assert chart.count("<rect") == 8
    assert chart.index("layer 9") < chart.index("layer 2")
    assert "45.0 [22.5–90.0]" in chart
    assert "117 texts, 3,602 word pieces" in chart
    assert "int8-careful, or int8-weights" in chart


def test_no_error_is_said_without_a_bar() -> None:
    """Of a variant that computes what the original does."""
    chart = layers_chart(layer_errors_json(LayerErrors(0.0, 3, 40, (), None)))

    assert "<rect" not in chart
    assert "nothing is to be won" in chart
