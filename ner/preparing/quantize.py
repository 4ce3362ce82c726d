"""The steps of a recipe, from the exported original to a variant's files, by NNCF."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ner.errors import ModelRefused
from ner.io import read_json
from ner.models.checkpoint import CONFIG
from ner.models.recipes import CompressWeights, Quantize, Step
from ner.preparing.embeddings import fold_shapes, scale_after_lookup
from ner.preparing.export import IR, load_tokenizer
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


def run_steps(steps: Sequence[Step], original: Path, texts: Sequence[str], target: Path) -> None:
    """Write what ``steps`` make of the original to ``target``, with its tokenizer beside it.

    Where a step calibrates, it reads ``texts``, unpadded one by one.
    """
    model = openvino.Core().read_model(original / IR)
    fold_shapes(model)
    kind = str(read_json(original / CONFIG, ModelRefused).get("model_type"))
    try:
        for step in steps:
            if isinstance(step, CompressWeights):
                model = nncf.compress_weights(model, **_compression(step))
            else:
                samples = _samples(original, texts[: step.samples], input_ports(model))
                settings = _quantization(step, len(samples), kind)
                model = nncf.quantize(model, nncf.Dataset(samples), **settings)
                scale_after_lookup(model)
    # NNCF was made for some networks, and raises anything on others.
    except Exception as error:
        _log.debug("NNCF failed", exc_info=True)
        raise ModelRefused(
            f"NNCF can't make this recipe of a model of the type {kind!r}. Choose another, such as "
            "int8-weights or original."
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, target / IR, compress_to_fp16=False)
    for file in (original / CONFIG, *original.glob("*token*.json")):
        shutil.copy(file, target)


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


def _samples(
    original: Path, texts: Iterable[str], names: Collection[str]
) -> list[dict[str, npt.NDArray[np.int64]]]:
    """The model's inputs ``(1, tokens)`` for each text, unpadded."""
    tokenizer = load_tokenizer(original)
    length = min(_CALIBRATION_TOKENS, tokenizer.model_max_length)
    samples = []
    for text in texts:
        encoded = tokenizer(text, return_tensors="np", truncation=True, max_length=length)
        # Not every tokenizer gives token_type_ids to a model that wants them; one text is all 0.
        zeros = np.zeros_like(encoded["input_ids"])
        samples.append({name: encoded.get(name, zeros) for name in names})
    return samples
