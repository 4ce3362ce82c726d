"""Checkpoint folders of both architectures: read, written, and started from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ner.errors import Failure, ModelRefused
from ner.models.catalogue import catalogue
from ner.train import bilstm as _registered  # noqa: F401 - makes transformers know its type
from ner.train.data import label_maps

# What tells only where and how a model was loaded.
_TRACES = ("_name_or_path", "name_or_path", "backend", "is_local", "local_files_only")


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what a full or read-only disk raises while writing to ``folder`` into ``Failure``."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch.save reports a failed write as a RuntimeError of its archive writer.
        if isinstance(error, RuntimeError) and "PytorchStreamWriter" not in str(error):
            raise
        raise Failure(
            f"Could not write to {folder}: {error}. Nothing half written was published; make room "
            "and run the same command again, which goes on from its last checkpoint."
        ) from error


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write half-precision weights, configuration and tokenizer into an empty folder."""
    halved = {name: tensor.half() for name, tensor in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=halved)
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "tokenizer_config.json"):
        config = json.loads((folder / name).read_text("utf-8"))
        for trace in _TRACES:
            config.pop(trace, None)
        if "dtype" in config:
            config["dtype"] = "float16"
        # The class name that older releases of transformers know as well.
        if config.get("tokenizer_class") == "TokenizersBackend":
            config["tokenizer_class"] = "PreTrainedTokenizerFast"
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        (folder / name).write_text(text, "utf-8")


def empty(config: PretrainedConfig) -> PreTrainedModel:
    """A token classifier to be filled.

    A model that was loaded instead remembers how old checkpoints named their weights and saves them
    so, which the Trainer can't resume from.
    """
    model: PreTrainedModel = AutoModelForTokenClassification.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32
    )
    return model


def load(folder: Path) -> PreTrainedModel:
    """The model of a checkpoint folder, in float32; ``ModelRefused`` if it can't be loaded."""
    try:
        model = empty(AutoConfig.from_pretrained(folder))
        saved = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{folder} can't be loaded: {error}") from error
    model.load_state_dict(saved.state_dict())
    return model


def read_record(folder: Path) -> dict[str, Any] | None:
    """The metrics.json that training wrote into a checkpoint folder; None without one."""
    file = folder / "metrics.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


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
    model = empty(config)
    auto, part = (
        (AutoModelForTokenClassification, model) if known else (AutoModel, model.base_model)
    )
    weights = auto.from_pretrained(base, dtype=torch.float32).state_dict()
    missing = part.load_state_dict(weights, strict=False).missing_keys
    if missing:
        raise ModelRefused(f"{base} lacks weights of its own architecture: {', '.join(missing)}.")
    return model
