"""The start of a fine-tuning: a pretrained encoder with a fresh token classifier on top."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ner.errors import ModelRefused
from ner.models.catalogue import catalogue
from ner.train import checkpoint
from ner.train.data import label_maps


def find_base(name: str) -> str:
    """The folder of a bundled model, by its name in the catalogue; any other name as it is."""
    return next(
        (str(spec.folder) for spec in catalogue() if spec.folder and spec.name == name), name
    )


def load_tokenizer(base: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a base or teacher; ``ModelRefused`` if there is none that can be used."""
    if Path(base).is_dir() and not (Path(base) / "config.json").is_file():
        raise ModelRefused(f"{base} has no config.json; expected a checkpoint folder.")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise ModelRefused(
            f"{base} can't be loaded: {error} Expected a checkpoint folder or a Hub name."
        ) from error
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise ModelRefused(
            f"{base} needs a fast tokenizer, which gives character offsets, with a padding token."
        )
    return tokenizer


def build_model(base: str, tags: Sequence[str]) -> PreTrainedModel:
    """The base with as many outputs as there are tags.

    A base that is a token classifier for just these tags keeps its classifier: training goes on.
    """
    config = AutoConfig.from_pretrained(base)
    known = tuple(config.id2label[index] for index in range(config.num_labels)) == tuple(tags)
    config.update(label_maps(tags))
    model = checkpoint.empty(config)
    auto, part = (
        (AutoModelForTokenClassification, model) if known else (AutoModel, model.base_model)
    )
    weights = auto.from_pretrained(base, dtype=torch.float32).state_dict()
    missing = part.load_state_dict(weights, strict=False).missing_keys
    if missing:
        raise ModelRefused(f"{base} lacks weights of its own architecture: {', '.join(missing)}.")
    return model
