"""Reads and writes checkpoint folders of both architectures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ner.errors import Failure, InputError
from ner.train import bilstm, transformer


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


def check_replaceable(folder: Path) -> None:
    """``InputError`` if ``folder`` holds something else than a checkpoint."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").is_file():
        raise InputError(
            f"{folder} exists and holds no checkpoint; it would be replaced. Name another --out."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; --out names the checkpoint's folder.")


def save(model: nn.Module, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write weights, configuration and tokenizer into an empty folder."""
    if isinstance(model, bilstm.BiLstm):
        bilstm.save(model, folder)
    else:
        transformer.save(cast(PreTrainedModel, model), folder)
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text("utf-8"))
    # The class name that older releases of transformers know as well.
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    for trace in ("name_or_path", "backend", "is_local", "local_files_only"):
        config.pop(trace, None)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")


def load(folder: Path) -> nn.Module:
    """The model of a checkpoint folder, in float32."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if config.get("model_type") == bilstm.MODEL_TYPE:
        return bilstm.load(folder)
    return transformer.load(folder)


def read_record(folder: Path) -> dict[str, Any] | None:
    """The metrics.json that training wrote into a checkpoint folder; None without one."""
    file = folder / "metrics.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None
