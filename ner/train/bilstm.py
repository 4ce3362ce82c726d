"""Embedding, bidirectional LSTM, classifier: the simplest tagger that reads in both directions.

It starts from the word embeddings of the base encoder and reads the same word pieces, so all else
is shared with the transformer. The backward direction is a second LSTM over the reversed text; each
row is reversed within its own length, so that padding stays behind the text for both directions and
never reaches a piece. (Packed sequences would do the same but can't be converted to OpenVINO.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel

from ner.errors import ModelRefused

MODEL_TYPE = "bilstm"
_FILE = "model.safetensors"


@dataclass(frozen=True, slots=True)
class BiLstmConfig:
    """The shape of a BiLSTM; ``hidden_width`` is that of one direction."""

    tags: tuple[str, ...]
    n_pieces: int
    embedding_width: int
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


class BiLstm(nn.Module):
    """Token classifier over word pieces."""

    def __init__(self, config: BiLstmConfig) -> None:
        super().__init__()
        self.shape = config  # not "config": Trainer takes that for a Hugging Face configuration
        self.word_embeddings = nn.Embedding(config.n_pieces, config.embedding_width)
        widths = [config.embedding_width] + [2 * config.hidden_width] * config.layers
        self.lstm = nn.ModuleList(
            BidirectionalLayer(width, config.hidden_width) for width in widths[:-1]
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(widths[-1], len(config.tags))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits (batch, seq, tags) of ids and mask (batch, seq); padding stands on the right."""
        hidden = self.dropout(self.word_embeddings(input_ids))
        mirror = mirror_positions(attention_mask)
        for layer in self.lstm:
            hidden = self.dropout(layer(hidden, mirror))
        logits: torch.Tensor = self.classifier(hidden)
        return logits


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
    model = BiLstm(BiLstmConfig(tuple(tags), n_pieces, width))
    with torch.no_grad():
        # The base scales its embeddings up in a normalization of its own, which we don't have.
        model.word_embeddings.weight.copy_(embeddings / embeddings.std())
    return model


def save(model: BiLstm, folder: Path) -> None:
    """Write config.json and half-precision safetensors."""
    shape = asdict(model.shape)
    tags = shape.pop("tags")
    config = {
        "model_type": MODEL_TYPE,
        "architectures": [BiLstm.__name__],
        "id2label": dict(enumerate(tags)),
        "label2id": {tag: index for index, tag in enumerate(tags)},
        **shape,
    }
    halved = {name: tensor.half() for name, tensor in model.state_dict().items()}
    save_file(halved, folder / _FILE, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def load(folder: Path) -> BiLstm:
    """A saved BiLSTM, in float32 and evaluation mode; ``ModelRefused`` for another model."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if config.get("model_type") != MODEL_TYPE:
        raise ModelRefused(
            f"{folder} holds a model of type {config.get('model_type')!r}, not {MODEL_TYPE!r}."
        )
    tags = tuple(tag for _, tag in sorted(config["id2label"].items(), key=lambda kv: int(kv[0])))
    names = ("n_pieces", "embedding_width", "hidden_width", "layers", "dropout")
    model = BiLstm(BiLstmConfig(tags, **{name: config[name] for name in names}))
    model.load_state_dict({k: v.float() for k, v in load_file(folder / _FILE).items()})
    return model.eval()
