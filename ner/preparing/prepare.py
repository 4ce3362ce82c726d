"""From a checkpoint to a prepared folder: obtain, export, quantize, check, publish.

Imports torch, transformers, optimum and nncf, which takes seconds and hundreds of megabytes; so it
runs in a process of its own (``python -m ner prepare``) and never in one that serves.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ner.models.catalogue import ModelSpec, calibration_file, gate_file, read_texts
from ner.models.child import OnStage, Stage
from ner.models.prepared import Manifest, Prepared, find_prepared, find_sound, prepared_folder
from ner.models.recipes import Recipe, Variant, recipe_of
from ner.preparing.checkpoint import obtain
from ner.preparing.export import export
from ner.preparing.gate import run_gate
from ner.preparing.publish import digests, keep_few, lock, publish, remove_leftovers, workplace
from ner.preparing.quantize import quantize
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

_log = logging.getLogger(__name__)

STAGES = (
    "Reading the checkpoint",
    "Exporting to OpenVINO (FP32)",
    "Quantizing to INT8",
    "Checking INT8 against the original",
    "Publishing",
)


def prepare(spec: ModelSpec, report: OnStage) -> Prepared:
    """The prepared folder of ``spec``, made now unless a sound one is there.

    One process makes it; others wait for it. A folder whose bytes are not those of its manifest is
    removed and made anew. ``report`` hears of each stage as it begins. Raises ``ModelRefused``
    or ``PrepareFailed``.
    """
    wanted = recipe_of(spec)
    target = prepared_folder(wanted, spec.name)
    with lock(target):
        sound = find_sound(wanted, spec.name, *Variant)
        if sound is not None:
            return sound
        damaged = find_prepared(wanted, spec.name)
        if damaged is not None:
            _log.warning("%s is damaged and is made anew", damaged.folder.name)
        remove_leftovers(target)
        with workplace(target) as work:
            prepared = _make(spec, wanted, work, target, report)
    keep_few(target)
    return prepared


def _make(spec: ModelSpec, wanted: Recipe, work: Path, target: Path, report: OnStage) -> Prepared:
    _begin_stage(report, 0)
    checkpoint = obtain(spec, work / "download")
    folder = work / "folder"
    original, int8 = folder / Variant.ORIGINAL.value, folder / Variant.INT8.value
    _begin_stage(report, 1)
    exported = export(checkpoint, original)
    _begin_stage(report, 2)
    texts = read_texts(calibration_file(spec))[: wanted.quantization.samples]
    quantize(exported, texts, wanted.quantization, int8)
    _begin_stage(report, 3)
    left, right = OpenVinoTagger(Model.load(original)), OpenVinoTagger(Model.load(int8))
    gate, golden = run_gate(left, right, read_texts(gate_file(spec)))
    _begin_stage(report, 4)
    files = digests(folder)
    manifest = Manifest(
        spec.name, wanted, checkpoint.revision, left.labels, gate, files, golden, left.model.reading
    )
    return publish(folder, manifest, target)


def _begin_stage(report: OnStage, index: int) -> None:
    report(Stage(STAGES[index], index + 1, len(STAGES)))
