"""A vetted checkpoint as OpenVINO IR in FP32, with its configuration and fast tokenizer.

Transformers go through Optimum Intel, a BiLSTM of our own straight through OpenVINO.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from ner.errors import ModelRefused
from ner.preparing.checkpoint import Checkpoint
from ner.tagging.model import max_length
from ner.telemetry import without_telemetry
from ner.train import bilstm
from ner.train.bilstm import MODEL_TYPE as BILSTM

with without_telemetry():
    import openvino
    from optimum.exporters.openvino.convert import export_from_model
    from optimum.intel import OVConfig

IR = "openvino_model.xml"


@dataclass(frozen=True)
class Exported:
    """The original's folder, its tokenizer, and how many tokens it reads at once."""

    folder: Path
    tokenizer: PreTrainedTokenizerFast
    max_length: int


def export(checkpoint: Checkpoint, target: Path) -> Exported:
    """Write the FP32 IR, the configuration and the fast tokenizer to ``target``."""
    try:
        tokenizer = _load_tokenizer(checkpoint.folder)
        write = (
            _write_bilstm if checkpoint.config.get("model_type") == BILSTM else _write_transformer
        )
        write(checkpoint, target)
    # What transformers raises on a checkpoint that is none is anything of these.
    except (
        OSError,
        ValueError,
        LookupError,
        RuntimeError,
        TypeError,
        AttributeError,
        ImportError,
    ) as error:
        raise ModelRefused(f"The checkpoint can't be exported: {_first_line(error)}") from error
    tokenizer.save_pretrained(target)
    return _exported(target, tokenizer, checkpoint.config)


def _load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelRefused(
            "The checkpoint has a slow tokenizer only, which gives no offsets. "
            "Expected a fast one (tokenizer.json)."
        )
    return tokenizer


def read_exported(folder: Path) -> Exported:
    """An original that was exported before."""
    tokenizer = _load_tokenizer(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return _exported(folder, tokenizer, config)


def _exported(
    folder: Path, tokenizer: PreTrainedTokenizerFast, config: Mapping[str, Any]
) -> Exported:
    stated = {"model_max_length": tokenizer.model_max_length}
    return Exported(folder, tokenizer, max_length(config, stated))


def _write_transformer(checkpoint: Checkpoint, target: Path) -> None:
    """Export a transformer that transformers knows, through Optimum Intel."""
    check_parameters(checkpoint.folder)
    model = AutoModelForTokenClassification.from_pretrained(
        checkpoint.folder,
        # A checkpoint stored in half precision would otherwise give an FP16 IR.
        dtype=torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )
    export_from_model(
        model,
        target,
        task="token-classification",
        stateful=False,
        # Left to itself Optimum stores large models with INT8 weights.
        ov_config=OVConfig(dtype="fp32"),
    )
    model.config.save_pretrained(target)


def check_parameters(folder: Path) -> None:
    """Refuse a configuration of a model larger than its weights, which would be made in memory."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModelForTokenClassification.from_config(  # type: ignore[no-untyped-call]
            config, trust_remote_code=False
        )
    stated, held = model.num_parameters(), (folder / "model.safetensors").stat().st_size
    # No weight is stored in less than a byte.
    if stated > held:
        raise ModelRefused(
            f"The checkpoint's config.json describes {stated:,} weights, and its file of weights "
            f"has {held:,} bytes."
        )


def _write_bilstm(checkpoint: Checkpoint, target: Path) -> None:
    """Export a BiLSTM of our own, which Optimum does not know."""
    example = {
        "input_ids": torch.ones((2, 8), dtype=torch.int64),
        "attention_mask": torch.ones((2, 8), dtype=torch.int64),
    }
    model = openvino.convert_model(bilstm.load(checkpoint.folder), example_input=example)
    for port, name in zip(model.inputs, example, strict=True):
        port.get_tensor().set_names({name})
    model.reshape({name: [-1, -1] for name in example})
    target.mkdir(parents=True)
    openvino.save_model(model, target / IR, compress_to_fp16=False)
    shutil.copy(checkpoint.folder / "config.json", target)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
