"""What decides the bytes of a prepared folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from ner.models.catalogue import ModelSpec, find
from ner.models.prepared import Prepared
from ner.models.recipes import Recipe, recipe_of


def test_another_checkpoint_is_never_served_from_an_old_folder(
    tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """One changed byte of the weights changes the recipe."""
    folder = tmp_path / "tiny"
    shutil.copytree(str(tiny_spec.folder), folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)

    assert recipe_of(tiny_spec).key != recipe_of(find(str(folder))).key


def test_a_machine_without_converters_takes_what_was_made_for_it(tiny_prepared: Prepared) -> None:
    """Packages that are absent here are not compared; those that are must have the version."""
    made_by = tiny_prepared.manifest.recipe

    def here(**versions: str) -> Recipe:
        return Recipe(
            made_by.format, made_by.source, made_by.quantization, made_by.texts_sha256, versions
        )

    assert here(openvino=made_by.versions["openvino"]).fits(made_by)
    assert not here(openvino="2020.1").fits(made_by)
