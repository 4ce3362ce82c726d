"""The ceiling: operations counted, and the matrix products."""

from __future__ import annotations

from ner.measuring import peak
from ner.models.folder import Prepared


def test_operations_are_counted_by_hand(tiny_original: Prepared) -> None:
    """For the tiny BERT: 2 layers, width 32, inner width 64, 9 tags, 10 tokens."""
    xml = tiny_original.folder / "openvino_model.xml"
    tokens, width, inner, tags = 10, 32, 64, 9
    weights = 2 * (4 * width * width + 2 * width * inner) + width * tags
    attention = 2 * 2 * tokens * width

    assert peak.operations(xml, tokens) == 2.0 * tokens * (weights + attention)


def test_the_matrix_peak_runs_in_int8() -> None:
    """Quantized products give nearly what the float ones give: the chain is the same."""
    _, operations = peak.peak_runner(int8=True)
    run, same = peak.peak_runner(int8=False)
    run()

    assert operations == same > 0
