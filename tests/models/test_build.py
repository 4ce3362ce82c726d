"""What decides the bytes of a prepared folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ner.models.build import Build, build_of
from ner.models.catalogue import ModelSpec, find
from ner.models.prepared import Prepared
from ner.models.recipes import RECIPES, Recipe, find_recipe


def test_another_checkpoint_is_never_served_from_an_old_folder(
    tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """One changed byte of the weights changes the build."""
    folder = tmp_path / "tiny"
    shutil.copytree(str(tiny_spec.folder), folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)

    assert build_of(tiny_spec, (), "").key != build_of(find(str(folder)), (), "").key


def test_texts_count_for_what_is_checked_on_them_alone(tiny_spec: ModelSpec) -> None:
    """Other calibration texts leave the original as it is."""
    steps = find_recipe("int8").steps

    assert build_of(tiny_spec, (), "one") == build_of(tiny_spec, (), "other")
    assert build_of(tiny_spec, steps, "one").key != build_of(tiny_spec, steps, "other").key


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_build_survives_its_json(tiny_spec: ModelSpec, recipe: Recipe) -> None:
    """Steps and all."""
    build = build_of(tiny_spec, recipe.steps, "texts")

    assert Build.parse(build.as_json()) == build


def test_a_machine_without_converters_takes_what_was_made_for_it(tiny_prepared: Prepared) -> None:
    """Packages that are absent here are not compared; those that are must have the version."""
    made_by = tiny_prepared.manifest.build

    def here(**versions: str) -> Build:
        return Build(made_by.format, made_by.source, made_by.steps, made_by.texts_sha256, versions)

    assert here(openvino=made_by.versions["openvino"]).fits(made_by)
    assert not here(openvino="2020.1").fits(made_by)
