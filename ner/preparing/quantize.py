"""INT8 from the exported original: NNCF post-training quantization, calibrated on texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ner.models.recipes import Quantization
from ner.preparing.export import IR, Exported
from ner.telemetry import without_telemetry
from ner.train.bilstm import MODEL_TYPE as BILSTM

with without_telemetry():
    import nncf
    import openvino
    from optimum.intel import (
        OVConfig,
        OVModelForTokenClassification,
        OVQuantizationConfig,
        OVQuantizer,
    )

# Calibration reads no further than this; longer texts teach nothing about ranges, only cost time.
_CALIBRATION_TOKENS = 256


def quantize(
    exported: Exported, texts: list[str], quantization: Quantization, target: Path
) -> None:
    """Write the INT8 IR beside the original's, calibrated on ``texts``, unpadded one by one."""
    is_bilstm = _model_type(exported.folder) == BILSTM
    write = _quantize_bilstm if is_bilstm else _quantize_transformer
    write(exported, texts, quantization, target)
    # Copied, not saved: the tokenizer's truncation was set for calibration.
    for file in exported.folder.glob("*token*.json"):
        shutil.copy(file, target)


def _quantize_transformer(
    exported: Exported, texts: list[str], quantization: Quantization, target: Path
) -> None:
    # A model of its own: quantizing replaces the one inside the object that is given.
    model = OVModelForTokenClassification.from_pretrained(exported.folder, compile=False)
    samples = [_inputs(exported, text, model.model.inputs) for text in texts]
    config = OVQuantizationConfig(
        num_samples=len(samples),
        preset=nncf.QuantizationPreset(quantization.preset),
        smooth_quant_alpha=quantization.smooth_quant_alpha,
        fast_bias_correction=quantization.fast_bias_correction,
    )
    OVQuantizer.from_pretrained(model).quantize(
        calibration_dataset=nncf.Dataset(samples),
        ov_config=OVConfig(quantization_config=config),
        save_directory=target,
    )


def _quantize_bilstm(
    exported: Exported, texts: list[str], quantization: Quantization, target: Path
) -> None:
    """Without SmoothQuant, which is made for the layers of transformers."""
    model = openvino.Core().read_model(exported.folder / IR)
    samples = [_inputs(exported, text, model.inputs) for text in texts]
    quantized = nncf.quantize(
        model,
        nncf.Dataset(samples),
        preset=nncf.QuantizationPreset(quantization.preset),
        subset_size=len(samples),
        fast_bias_correction=quantization.fast_bias_correction,
    )
    target.mkdir(parents=True)
    openvino.save_model(quantized, target / IR, compress_to_fp16=False)
    shutil.copy(exported.folder / "config.json", target)


def _model_type(folder: Path) -> str:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return str(config.get("model_type"))


def _inputs(exported: Exported, text: str, ports: Iterable[Any]) -> dict[str, Any]:
    """One text as the model's inputs ``(1, tokens)``, unpadded."""
    encoded = exported.tokenizer(
        text,
        return_tensors="np",
        truncation=True,
        max_length=min(_CALIBRATION_TOKENS, exported.max_length),
    )
    # Not every tokenizer gives token_type_ids to a model that wants them; one text is all zeros.
    zeros = np.zeros_like(encoded["input_ids"])
    return {port.any_name: encoded.get(port.any_name, zeros) for port in ports}
