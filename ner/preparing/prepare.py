"""From a checkpoint to a prepared folder: obtain, export, quantize, check, publish.

Imports torch, transformers, optimum and nncf, which takes seconds and hundreds of megabytes; so it
runs in a process of its own, ``python -m ner.preparing.prepare MODEL RECIPE``. That tells on its
standard output, in one JSON object a line, each stage as it begins and the error that it ends with.

One process makes a folder; others wait for its lock. It is made beside its place and renamed:
whoever looks finds all of it or nothing, also after a kill.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock

from ner.errors import InputError, NerError, PrepareFailed
from ner.io import atomically
from ner.models.child import OnStage
from ner.models.folder import (
    MANIFEST,
    Manifest,
    Prepared,
    build_for,
    fetched,
    find_prepared,
    find_sound,
    labels_for,
    prepared_folder,
    sha256,
    texts_for,
)
from ner.models.names import find_model
from ner.models.recipes import Variant, find_recipe
from ner.preparing.export import export
from ner.preparing.gate import run_gate
from ner.preparing.hub import obtain
from ner.preparing.quantize import run_steps
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

_log = logging.getLogger(__name__)
# A leftover of a killed run is removed once it is older than any run takes.
_STALE_SECONDS = 6 * 3600
# How many bytes of models of the Hub that are not in the catalogue are kept.
_MAX_FETCHED = 5_000_000_000
# Tells that the next stage begins, by its name.
_Begin = Callable[[str], None]


def prepare(variant: Variant, report: OnStage) -> Prepared:
    """The prepared folder of ``variant``, made now unless a sound one is there; so its original.

    One process makes a folder; others wait for it. One whose bytes are not those of its manifest is
    removed and made anew. ``report`` hears of each stage as it begins. Raises ``ModelRefused``
    or ``PrepareFailed``.
    """
    # Two stages for the original if it is missing, two for a variant.
    total = 2 * (find_sound(variant.base) is None) + 2 * bool(variant.recipe.steps)
    numbers = count(1)

    def begin(name: str) -> None:
        number = next(numbers)
        report(f"step {number} of {max(total, number)}: {name}")

    original = _ensure(variant.base, lambda folder: _make_original(variant.base, folder, begin))
    if not variant.recipe.steps:
        return original
    return _ensure(variant, lambda folder: _make_variant(variant, original, folder, begin))


def _ensure(variant: Variant, make: Callable[[Path], Manifest]) -> Prepared:
    """The sound folder of ``variant``; ``make`` writes its files where it is told."""
    target = prepared_folder(variant)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrepareFailed(
            f"The folder of prepared models can't be made: {error.strerror}. Set NER_HOME to a "
            "folder that can be written to."
        ) from error
    with FileLock(target.parent / f".{target.name}.lock"):
        sound = find_sound(variant)
        if sound is not None:
            return sound
        damaged = find_prepared(variant)
        if damaged is not None:
            _log.warning("%s is damaged and is made anew", damaged.folder.name)
        for left in target.parent.glob(".*"):
            if left.is_dir() and time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        try:
            # What a killed run left of this one is removed at once.
            with atomically(target) as folder:
                manifest = make(folder)
                (folder / MANIFEST).write_bytes(manifest.dump().encode())
        except OSError as error:
            raise PrepareFailed(
                f"Preparing failed while writing: {error.strerror or error}."
            ) from error
    keep_few(target)
    return Prepared(target, manifest)


def _make_original(variant: Variant, folder: Path, begin: _Begin) -> Manifest:
    begin("Reading the checkpoint")
    downloads = folder / "download"
    checkpoint, revision = obtain(variant.spec, downloads)
    begin("Exporting to OpenVINO (FP32)")
    export(checkpoint, folder, labels_for(variant.spec))
    shutil.rmtree(downloads)
    return _manifest(variant, folder, Model.load(folder), revision)


def _make_variant(variant: Variant, original: Prepared, folder: Path, begin: _Begin) -> Manifest:
    recipe, texts = variant.recipe, texts_for(variant.spec)
    begin(f"Making {recipe.title}")
    run_steps(recipe.steps, original.folder, texts.calibration, folder)
    begin(f"Checking {recipe.title} against the original")
    model = Model.load(folder, precision=recipe.precision)
    left = OpenVinoTagger(Model.load(original.folder))
    gate, golden = run_gate(left, OpenVinoTagger(model), texts)
    made = {"made_from": original.fingerprint, "gate": gate, "golden": golden}
    return _manifest(variant, folder, model, original.manifest.revision, **made)


def _manifest(
    variant: Variant,
    folder: Path,
    model: Model,
    revision: str | None,
    **made: Any,  # noqa: ANN401 - further fields
) -> Manifest:
    return Manifest(
        name=variant.spec.name,
        recipe=variant.recipe.name,
        build=build_for(variant),
        revision=revision,
        labels=model.scheme.types,
        files={file.name: sha256(file) for file in sorted(folder.iterdir())},
        reading=model.reading,
        **made,
    )


def keep_few(newest: Path) -> None:
    """Remove the models of the Hub that were not used for longest, until the rest is few enough."""
    total = 0
    for name, made in fetched().items():
        folders = [prepared.folder for prepared in made]
        total += sum(file.stat().st_size for folder in folders for file in folder.glob("*.bin"))
        if newest not in folders and total > _MAX_FETCHED:
            _log.info("%s was not used for long and is removed", name)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def main(model: str, recipe: str) -> None:
    """Prepare a variant for the process that started this one."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # What libraries print is not for that process.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        prepare(
            Variant(find_model(model), find_recipe(recipe)),
            lambda stage: tell({"stage": stage}),
        )
    except NerError as error:
        kind = "refused" if isinstance(error, InputError) else "failed"
        tell({"error": str(error), "kind": kind})


if __name__ == "__main__":
    main(*sys.argv[1:])
