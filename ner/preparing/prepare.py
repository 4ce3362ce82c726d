"""From a checkpoint to a prepared folder: obtain, export, quantize, check, publish.

Imports torch, transformers, optimum and nncf, which takes seconds and hundreds of megabytes; so it
runs in a process of its own (``python -m ner prepare``) and never in one that serves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from ner.models.child import OnStage, Stage
from ner.models.folder import (
    Manifest,
    Prepared,
    build_for,
    find_prepared,
    find_sound,
    labels_for,
    prepared_folder,
    texts_for,
)
from ner.models.recipes import Variant
from ner.preparing.export import export, read_exported
from ner.preparing.gate import run_gate
from ner.preparing.hub import obtain
from ner.preparing.publish import digests, keep_few, lock, publish, remove_leftovers, workplace
from ner.preparing.quantize import run_steps
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

_log = logging.getLogger(__name__)


def prepare(variant: Variant, report: OnStage) -> Prepared:
    """The prepared folder of ``variant``, made now unless a sound one is there; so its original.

    One process makes a folder; others wait for it. One whose bytes are not those of its manifest is
    removed and made anew. ``report`` hears of each stage as it begins. Raises ``ModelRefused``
    or ``PrepareFailed``.
    """
    stages = _Stages(variant, report)
    original = _ensure(variant.base, lambda work: _make_original(variant.base, work, stages))
    if not variant.recipe.steps:
        return original
    return _ensure(variant, lambda work: _make_variant(variant, original, work, stages))


class _Stages:
    """Numbers the stages of one run: two for the original if it is missing, two for a variant."""

    def __init__(self, variant: Variant, report: OnStage) -> None:
        self._report = report
        self._number = 0
        self._total = 2 * (find_sound(variant.base) is None) + 2 * bool(variant.recipe.steps)

    def begin(self, name: str) -> None:
        """Tell that the next stage begins."""
        self._number += 1
        self._report(Stage(name, self._number, max(self._total, self._number)))


def _ensure(variant: Variant, make: Callable[[Path], Manifest]) -> Prepared:
    """The sound folder of ``variant``; ``make`` writes it into ``folder`` below a workplace."""
    target = prepared_folder(variant)
    with lock(target):
        sound = find_sound(variant)
        if sound is not None:
            return sound
        damaged = find_prepared(variant)
        if damaged is not None:
            _log.warning("%s is damaged and is made anew", damaged.folder.name)
        remove_leftovers(target)
        with workplace(target) as work:
            prepared = publish(work / "folder", make(work), target)
    keep_few(target)
    return prepared


def _make_original(variant: Variant, work: Path, stages: _Stages) -> Manifest:
    stages.begin("Reading the checkpoint")
    checkpoint, revision = obtain(variant.spec, work / "download")
    stages.begin("Exporting to OpenVINO (FP32)")
    folder = work / "folder"
    export(checkpoint, folder, labels_for(variant.spec))
    model = Model.load(folder)
    return Manifest(
        name=variant.spec.name,
        recipe=variant.recipe.name,
        build=build_for(variant),
        revision=revision,
        labels=model.scheme.types,
        files=digests(folder),
        reading=model.reading,
    )


def _make_variant(variant: Variant, original: Prepared, work: Path, stages: _Stages) -> Manifest:
    recipe, texts, folder = variant.recipe, texts_for(variant.spec), work / "folder"
    stages.begin(f"Making {recipe.title}")
    run_steps(recipe.steps, read_exported(original.folder), texts.calibration, folder)
    stages.begin(f"Checking {recipe.title} against the original")
    left = OpenVinoTagger(Model.load(original.folder))
    right = OpenVinoTagger(Model.load(folder, precision=recipe.precision))
    gate, golden = run_gate(left, right, texts)
    return Manifest(
        name=variant.spec.name,
        recipe=recipe.name,
        build=build_for(variant),
        revision=original.manifest.revision,
        labels=left.labels,
        files=digests(folder),
        made_from=original.fingerprint,
        gate=gate,
        golden=golden,
        reading=right.model.reading,
    )
