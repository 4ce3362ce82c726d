"""Embedding, bidirectional LSTM, classifier: the simplest tagger that reads in both directions.

It starts from the word embeddings of the base encoder and reads the same word pieces, so all else
is shared with the transformer. The backward direction is a second LSTM over the reversed text; each
row is reversed within its own length, so that padding stays behind the text for both directions and
never reaches a piece. (Packed sequences would do the same but can't be converted to OpenVINO.)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import TokenClassifierOutput

from ner.train.data import label_maps

MODEL_TYPE = "bilstm"


class BiLstmConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """The shape of a BiLSTM; ``hidden_width`` is that of one direction."""

    model_type = MODEL_TYPE
    # What those who export models ask every configuration for.
    attribute_map = {"vocab_size": "n_pieces"}  # noqa: RUF012 - as transformers has it

    n_pieces: int = 0
    embedding_width: int = 0
    hidden_width: int = 256
    layers: int = 2
    dropout: float = 0.3


class BidirectionalLayer(nn.Module):
    """Two LSTMs over one sequence, one of them from its end."""

    def __init__(self, input_width: int, hidden_width: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(input_width, hidden_width, batch_first=True)
        self.backwards = nn.LSTM(input_width, hidden_width, batch_first=True)

    def forward(self, hidden: torch.Tensor, mirror: torch.Tensor) -> torch.Tensor:
        """(batch, seq, input width) and (batch, seq) positions -> (batch, seq, 2 hidden widths)."""
        ahead, _ = self.forwards(hidden)
        behind, _ = self.backwards(_rearrange(hidden, mirror))
        return torch.cat([ahead, _rearrange(behind, mirror)], dim=-1)


class BiLstm(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Token classifier over word pieces."""

    config_class = BiLstmConfig
    base_model_prefix = ""

    def __init__(self, config: BiLstmConfig) -> None:
        super().__init__(config)
        self.word_embeddings = nn.Embedding(config.n_pieces, config.embedding_width)
        widths = [config.embedding_width] + [2 * config.hidden_width] * config.layers
        self.lstm = nn.ModuleList(
            BidirectionalLayer(width, config.hidden_width) for width in widths[:-1]
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(widths[-1], config.num_labels)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Parts begin as torch makes them."""

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> TokenClassifierOutput:
        """Logits (batch, seq, tags) of ids and mask (batch, seq); padding stands on the right."""
        hidden = self.dropout(self.word_embeddings(input_ids))
        mirror = mirror_positions(attention_mask)
        for layer in self.lstm:
            hidden = self.dropout(layer(hidden, mirror))
        return TokenClassifierOutput(logits=self.classifier(hidden))


def mirror_positions(attention_mask: torch.Tensor) -> torch.Tensor:
    """For each row of (batch, seq), its positions from last to first, then the padding's own.

    Applied twice it restores the order.

    >>> mirror_positions(torch.tensor([[1, 1, 1, 0]])).tolist()
    [[2, 1, 0, 3]]
    """
    positions = torch.cumsum(torch.ones_like(attention_mask), dim=1) - 1
    lengths = attention_mask.sum(dim=1, keepdim=True)
    return torch.where(positions < lengths, lengths - 1 - positions, positions)


def _rearrange(hidden: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    return torch.gather(hidden, 1, positions.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))


def build_model(base: str, tags: Sequence[str]) -> BiLstm:
    """A fresh BiLSTM over the base's word embeddings."""
    embeddings = AutoModel.from_pretrained(base).get_input_embeddings().weight.detach().float()
    n_pieces, width = embeddings.shape
    shape = {"n_pieces": n_pieces, "embedding_width": width}
    model = BiLstm(BiLstmConfig(**shape, **label_maps(tags)))
    with torch.no_grad():
        # The base scales its embeddings up in a normalization of its own, which we don't have.
        model.word_embeddings.weight.copy_(embeddings / embeddings.std())
    return model


# Now transformers loads it as any other.
AutoConfig.register(MODEL_TYPE, BiLstmConfig)
AutoModelForTokenClassification.register(BiLstmConfig, BiLstm)
