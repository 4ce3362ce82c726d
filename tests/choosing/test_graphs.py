"""Which layers a node belongs to, by the names that exported graphs have."""

from __future__ import annotations

import pytest

from ner.choosing.graphs import group_of


@pytest.mark.parametrize(
    ("node", "group"),
    [
        ("__module.bert.embeddings.word_embeddings/aten::embedding/Gather", "embeddings"),
        ("__module.electra.embeddings_project/aten::linear/MatMul", "embeddings"),
        (
            "__module.bert.encoder.layer.3.attention.self.query/aten::linear/MatMul",
            "layer 3, attention",
        ),
        (
            "__module.roberta.encoder.layer.11.attention.output.dense/aten::linear/MatMul",
            "layer 11, attention",
        ),
        (
            "__module.deberta.encoder.layer.0.intermediate.dense/aten::linear/MatMul",
            "layer 0, first feed-forward product",
        ),
        (
            "__module.bert.encoder.layer.0.output.dense/aten::linear/MatMul",
            "layer 0, second feed-forward product",
        ),
        (
            "__module.distilbert.transformer.layer.1.attention.out_lin/aten::linear/MatMul",
            "layer 1, attention",
        ),
        (
            "__module.distilbert.transformer.layer.1.ffn.lin1/aten::linear/MatMul",
            "layer 1, first feed-forward product",
        ),
        (
            "__module.distilbert.transformer.layer.1.ffn.lin2/aten::linear/MatMul",
            "layer 1, second feed-forward product",
        ),
        (
            "__module.albert.encoder.albert_layer_groups.0.albert_layers.0.ffn/aten::linear/MatMul",
            "layer 0, first feed-forward product",
        ),
        (
            "__module.albert.encoder.albert_layer_groups.0.albert_layers.0.ffn_output/aten::linear/"
            "MatMul_1",
            "layer 0, second feed-forward product",
        ),
        ("__module.lstm.1.backwards/aten::lstm/LSTMSequence", "layer 1"),
        ("__module.classifier/aten::linear/Add", "classifier"),
    ],
)
def test_the_group_is_read_from_the_name(node: str, group: str) -> None:
    """In each family of encoders that Optimum exports, and in our BiLSTM."""
    assert group_of(node) == group
