"""What decides the bytes of a prepared folder, and what the folder says of itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ner.errors import ModelRefused
from ner.models.catalogue import ModelSpec
from ner.models.folder import Build, Manifest, Prepared, build_for, keep_labels
from ner.models.names import find_model
from ner.models.recipes import RECIPES, Recipe, default_sides


def test_another_checkpoint_is_never_served_from_an_old_folder(
    tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """One changed byte of the weights changes the build."""
    folder = tmp_path / "tiny"
    shutil.copytree(str(tiny_spec.folder), folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    other = find_model(str(folder))

    for mine, its in zip(default_sides(tiny_spec), default_sides(other), strict=True):
        assert build_for(mine).key != build_for(its).key


def test_texts_count_for_what_is_checked_on_them_alone(tiny_spec: ModelSpec) -> None:
    """Other calibration texts leave the original as it is."""
    original, int8 = default_sides(tiny_spec)
    before, after = (
        [
            build_for(replace(side, spec=replace(tiny_spec, texts=texts)))
            for side in (original, int8)
        ]
        for texts in ("general", "medical")
    )

    assert before[0] == after[0]
    assert before[1].key != after[1].key


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_manifest_survives_a_round_trip(tiny_prepared: Prepared, recipe: Recipe) -> None:
    """With the steps of every recipe; a change by hand is noticed."""
    manifest = tiny_prepared.manifest
    manifest = replace(manifest, build=replace(manifest.build, steps=recipe.steps))

    assert Manifest.parse(manifest.dump()) == manifest
    with pytest.raises(ValueError, match="changed"):
        Manifest.parse(manifest.dump().replace('"tiny"', '"other"'))


def test_the_manifest_tells_what_was_made(tiny_original: Prepared, tiny_prepared: Prepared) -> None:
    """Its checksums hold; a variant names the original it was made from."""
    for prepared in (tiny_original, tiny_prepared):
        assert prepared.manifest.labels == ("PER", "ORG", "LOC", "MISC")
        versions = prepared.manifest.build.versions
        assert set(versions) >= {"torch", "openvino", "nncf", "optimum-intel"}
        assert prepared.damaged == ()
    assert tiny_prepared.manifest.made_from == tiny_original.fingerprint
    assert tiny_original.manifest.gate is None


def test_a_machine_without_converters_takes_what_was_made_for_it(tiny_prepared: Prepared) -> None:
    """Packages that are absent here are not compared; those that are must have the version."""
    made_by = tiny_prepared.manifest.build

    def here(**versions: str) -> Build:
        return replace(made_by, versions=versions)

    assert made_by.serves(here(openvino=made_by.versions["openvino"]))
    assert not made_by.serves(here(openvino="2020.1"))


def test_labels_are_given_names_that_are_kept(tiny_spec: ModelSpec, home: Path) -> None:
    """Of tags and of types; another build then, since its labels differ. Unknown ones are told."""
    original, _ = default_sides(tiny_spec)
    before = build_for(original)
    keep_labels(tiny_spec, {"PER": "PERSON", "B-LOC": "O"})

    assert {"PER": "PERSON", "B-LOC": "O"} == build_for(original).labels
    assert before.key != build_for(original).key
    with pytest.raises(ModelRefused, match="has no label GPE; it has "):
        keep_labels(tiny_spec, {"GPE": "LOC"})
