"""The steps of a recipe, from the exported original to a variant's files, by NNCF."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ner.errors import ModelRefused
from ner.io import read_json
from ner.models.checkpoint import CONFIG
from ner.models.recipes import CompressWeights, Quantize, Step
from ner.preparing.embeddings import fold_shapes, scale_after_lookup
from ner.preparing.export import IR, Exported
from ner.tagging.inference import input_ports
from ner.telemetry import without_telemetry
from ner.train.bilstm import MODEL_TYPE as BILSTM

with without_telemetry():
    import nncf
    import openvino
    from nncf.quantization.advanced_parameters import AdvancedSmoothQuantParameters

_log = logging.getLogger(__name__)

# Calibration reads no further than this; longer texts teach nothing about ranges, only cost time.
_CALIBRATION_TOKENS = 256
# How transformers name their encoder layers: bert.encoder.layer.0., transformer.layer.0., h.0.
_LAYER = r".*\.(layer|layers|h|block)\.{}\..*"


def run_steps(
    steps: Sequence[Step], original: Exported, texts: Sequence[str], target: Path
) -> None:
    """Write what ``steps`` make of the original to ``target``, with its tokenizer beside it.

    Where a step calibrates, it reads ``texts``, unpadded one by one.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="steps-", dir=target) as between:
        current = original
        for number, step in enumerate(steps, start=1):
            last = number == len(steps)
            folder = target if last else Path(between) / str(number)
            _run_step(step, current, texts, folder)
            current = replace(current, folder=folder)


def _run_step(step: Step, source: Exported, texts: Sequence[str], target: Path) -> None:
    model = openvino.Core().read_model(source.folder / IR)
    try:
        made = _compressed(step, model, source, texts)
    # NNCF was made for some networks, and raises anything on others.
    except Exception as error:
        _log.debug("NNCF failed", exc_info=True)
        raise ModelRefused(
            "NNCF can't make this recipe of a model of the type "
            f"{_model_type(source.folder)!r}. Choose another, such as int8-weights or original."
        ) from error
    target.mkdir(exist_ok=True)
    openvino.save_model(made, target / IR, compress_to_fp16=False)
    for file in (source.folder / CONFIG, *source.folder.glob("*token*.json")):
        shutil.copy(file, target)


def _compressed(
    step: Step, model: openvino.Model, source: Exported, texts: Sequence[str]
) -> openvino.Model:
    fold_shapes(model)
    if isinstance(step, CompressWeights):
        return nncf.compress_weights(model, **_compression(step))
    samples = [_inputs(source, text, input_ports(model)) for text in texts[: step.samples]]
    settings = _quantization(step, len(samples), _model_type(source.folder))
    made = nncf.quantize(model, nncf.Dataset(samples), **settings)
    scale_after_lookup(made)
    return made


def _compression(step: CompressWeights) -> dict[str, Any]:
    """The arguments of ``nncf.compress_weights``."""
    if step.bits == 8:
        return {"mode": nncf.CompressWeightsMode.INT8_ASYM}
    four = {
        "mode": nncf.CompressWeightsMode.INT4_ASYM,
        "group_size": step.group_size,
        "ratio": 1.0,
        # Where a width is no multiple of the group: smaller groups, or else 8 bits.
        "advanced_parameters": nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST
        ),
    }
    if step.embeddings_only:
        # What is left without the products are the tables, which NNCF leaves in 8 bits unasked.
        four |= {"all_layers": True, "ignored_scope": nncf.IgnoredScope(types=["MatMul"])}
    return four


def _quantization(step: Quantize, samples: int, model_type: str) -> dict[str, Any]:
    """The arguments of ``nncf.quantize``.

    A BiLSTM goes without SmoothQuant, which is made for the layers of transformers.
    """
    common = {
        "preset": nncf.QuantizationPreset(step.preset),
        "subset_size": samples,
        "fast_bias_correction": step.fast_bias_correction,
    }
    if model_type == BILSTM:
        return common
    skipped = [_LAYER.format(layer) for layer in step.skip_layers]
    return {
        **common,
        "model_type": nncf.ModelType.TRANSFORMER,
        # A model may name its layers otherwise, or have fewer.
        "ignored_scope": nncf.IgnoredScope(patterns=skipped, validate=False),
        "advanced_parameters": nncf.AdvancedQuantizationParameters(
            smooth_quant_alphas=AdvancedSmoothQuantParameters(matmul=step.smooth_quant_alpha)
        ),
    }


def _model_type(folder: Path) -> str:
    return str(read_json(folder / CONFIG, ModelRefused).get("model_type"))


def _inputs(source: Exported, text: str, names: Iterable[str]) -> dict[str, Any]:
    """One text as the model's inputs ``(1, tokens)``, unpadded."""
    encoded = source.tokenizer(
        text,
        return_tensors="np",
        truncation=True,
        max_length=min(_CALIBRATION_TOKENS, source.max_length),
    )
    # Not every tokenizer gives token_type_ids to a model that wants them; one text is all zeros.
    zeros = np.zeros_like(encoded["input_ids"])
    return {name: encoded.get(name, zeros) for name in names}
