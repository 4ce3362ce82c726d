"""From a checkpoint to a prepared folder: export, quantization, gate, publication.

Imports torch, transformers, optimum and nncf, which takes seconds and hundreds of megabytes; so it
runs in a process of its own (``python -m ner prepare``) and never in one that serves.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from ner.comparing.agreement import agreement_f1, align
from ner.entities import Tagged, Tagger
from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec, calibration_file, gate_file, read_texts
from ner.models.child import OnStage, Stage
from ner.models.prepared import (
    Gate,
    Manifest,
    Prepared,
    fetched,
    find_prepared,
    find_sound,
    prepared_folder,
)
from ner.models.recipes import Quantization, Recipe, Variant, recipe_of, sha256
from ner.preparing.checkpoint import Checkpoint, obtain
from ner.tagging.tagger import Model, OpenVinoTagger, max_length
from ner.telemetry import without_telemetry
from ner.train import bilstm
from ner.train.bilstm import MODEL_TYPE as BILSTM

with without_telemetry():
    import nncf
    import openvino
    from optimum.exporters.openvino.convert import export_from_model
    from optimum.intel import (
        OVConfig,
        OVModelForTokenClassification,
        OVQuantizationConfig,
        OVQuantizer,
    )

_log = logging.getLogger(__name__)

STAGES = (
    "Reading the checkpoint",
    "Exporting to OpenVINO (FP32)",
    "Quantizing to INT8",
    "Checking INT8 against the original",
    "Publishing",
)
# Calibration reads no further than this; longer texts teach nothing about ranges, only cost time.
_CALIBRATION_TOKENS = 256
_XML = "openvino_model.xml"
# Enough entities to tell a CPU that computes INT8 wrongly, few enough to try at every start.
_GOLDEN_TEXTS = 12
# A leftover of a killed run is removed once it is older than any run takes.
_STALE_SECONDS = 6 * 3600
_MAKING = ".making-"
# How many models of the Hub that are not in the catalogue are kept, and how many bytes of them.
_MAX_FETCHED = 5
_MAX_FETCHED_BYTES = 5_000_000_000


def prepare(spec: ModelSpec, report: OnStage) -> Prepared:
    """The prepared folder of ``spec``, made now unless a sound one is there.

    One process makes it; others wait for it. A folder whose bytes are not those of its manifest is
    removed and made anew. ``report`` hears of each stage as it begins. Raises ``ModelRefused``
    or ``PrepareFailed``.
    """
    wanted = recipe_of(spec)
    target = prepared_folder(wanted, spec.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f".{target.name}.lock"):
        sound = find_sound(wanted, spec.name, *Variant)
        if sound is not None:
            return sound
        damaged = find_prepared(wanted, spec.name)
        if damaged is not None:
            _log.warning("%s is damaged and is made anew", damaged.folder.name)
        _remove_leftovers(target)
        with _workplace(target) as work:
            prepared = _make(spec, wanted, work, target, report)
    _keep_few(target)
    return prepared


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder for half-made things on the disk of ``target``, gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=f"{_MAKING}{target.name}-", dir=target.parent))
    try:
        yield work
    except OSError as error:
        raise PrepareFailed(
            f"Preparing failed while writing: {error.strerror or error}."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _remove_leftovers(target: Path) -> None:
    """Remove what killed runs left.

    Whoever began to make ``target`` is gone, since its lock is held here; of other models that is
    known only after a time in which any run ends.
    """
    for folder in target.parent.glob(f"{_MAKING}*"):
        ours = folder.name.startswith(f"{_MAKING}{target.name}-")
        if ours or time.time() - folder.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    # Damaged, or its manifest can't be read.
    if target.exists():
        shutil.rmtree(target)


def _keep_few(newest: Path) -> None:
    """Remove the models of the Hub that were not used for longest, until the rest is few enough."""
    total = 0
    for count, prepared in enumerate(fetched(), start=1):
        total += sum(file.stat().st_size for file in prepared.folder.rglob("*.bin"))
        if prepared.folder != newest and (count > _MAX_FETCHED or total > _MAX_FETCHED_BYTES):
            _log.info("%s was not used for long and is removed", prepared.folder.name)
            shutil.rmtree(prepared.folder, ignore_errors=True)


def _make(spec: ModelSpec, wanted: Recipe, work: Path, target: Path, report: OnStage) -> Prepared:
    _tell(report, 0)
    checkpoint = obtain(spec, work / "download")
    folder = work / "folder"
    original, int8 = folder / Variant.ORIGINAL.value, folder / Variant.INT8.value
    _tell(report, 1)
    exported = _export(checkpoint, original)
    _tell(report, 2)
    texts = read_texts(calibration_file(spec))[: wanted.quantization.samples]
    _quantize(exported, texts, wanted.quantization, int8)
    _tell(report, 3)
    left, right = OpenVinoTagger(Model.load(original)), OpenVinoTagger(Model.load(int8))
    gate, golden = _gate(left, right, read_texts(gate_file(spec)))
    _tell(report, 4)
    files = {
        file.relative_to(folder).as_posix(): sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    manifest = Manifest(spec.name, wanted, checkpoint.revision, left.labels, gate, files, golden)
    (folder / "manifest.json").write_bytes(manifest.dump().encode())
    folder.rename(target)
    return Prepared(target, manifest)


def _tell(report: OnStage, index: int) -> None:
    report(Stage(STAGES[index], index + 1, len(STAGES)))


@dataclass(frozen=True)
class _Exported:
    """The original's folder, its tokenizer, and how many tokens it reads at once."""

    folder: Path
    tokenizer: PreTrainedTokenizerFast
    max_length: int


def _export(checkpoint: Checkpoint, target: Path) -> _Exported:
    """Write the FP32 IR, the configuration and the fast tokenizer to ``target``."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        if not isinstance(tokenizer, PreTrainedTokenizerFast):
            raise ModelRefused(
                "The checkpoint has a slow tokenizer only, which gives no offsets. "
                "Expected a fast one (tokenizer.json)."
            )
        write = _write_bilstm if checkpoint.config.get("model_type") == BILSTM else _write_hub_model
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
    stated = {"model_max_length": tokenizer.model_max_length}
    return _Exported(target, tokenizer, max_length(checkpoint.config, stated))


def _write_hub_model(checkpoint: Checkpoint, target: Path) -> None:
    """Export a transformer that transformers knows, through Optimum Intel."""
    _check_parameters(checkpoint.folder)
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


def _check_parameters(folder: Path) -> None:
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
    openvino.save_model(model, target / _XML, compress_to_fp16=False)
    shutil.copy(checkpoint.folder / "config.json", target)


def _quantize(
    exported: _Exported, texts: list[str], quantization: Quantization, target: Path
) -> None:
    """Write the INT8 IR beside the original's, calibrated on ``texts``, unpadded one by one."""
    is_bilstm = _model_type(exported.folder) == BILSTM
    quantize = _quantize_bilstm if is_bilstm else _quantize_hub_model
    quantize(exported, texts, quantization, target)
    # Copied, not saved: the tokenizer's truncation was set for calibration.
    for file in exported.folder.glob("*token*.json"):
        shutil.copy(file, target)


def _quantize_hub_model(
    exported: _Exported, texts: list[str], quantization: Quantization, target: Path
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
    exported: _Exported, texts: list[str], quantization: Quantization, target: Path
) -> None:
    """Without SmoothQuant, which is made for the layers of transformers."""
    model = openvino.Core().read_model(exported.folder / _XML)
    samples = [_inputs(exported, text, model.inputs) for text in texts]
    quantized = nncf.quantize(
        model,
        nncf.Dataset(samples),
        preset=nncf.QuantizationPreset(quantization.preset),
        subset_size=len(samples),
        fast_bias_correction=quantization.fast_bias_correction,
    )
    target.mkdir(parents=True)
    openvino.save_model(quantized, target / _XML, compress_to_fp16=False)
    shutil.copy(exported.folder / "config.json", target)


def _model_type(folder: Path) -> str:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return str(config.get("model_type"))


def _inputs(exported: _Exported, text: str, ports: Iterable[Any]) -> dict[str, Any]:
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


def _gate(original: Tagger, int8: Tagger, texts: list[str]) -> tuple[Gate, tuple[Tagged, ...]]:
    """INT8's entities scored against the original's on ``texts``, by the tagger that serves.

    The second is what INT8 found in the first few, for the check when it is served elsewhere.
    """
    left, right = original.tag_many(texts), int8.tag_many(texts)
    agreements = [align(a, b) for a, b in zip(left, right, strict=True)]
    f1 = agreement_f1(agreements)
    entities = sum(len(one.entities) for one in left)
    return Gate(f1=float(np.round(f1, 6)), entities=entities), tuple(right[:_GOLDEN_TEXTS])


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:300]
