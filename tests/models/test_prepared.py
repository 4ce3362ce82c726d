"""What a prepared folder says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import ModelRefused
from ner.models.manifest import Manifest
from ner.models.prepared import Prepared, find_local


def test_the_manifest_tells_what_was_made(tiny_original: Prepared, tiny_prepared: Prepared) -> None:
    """It survives a round trip, and its checksums hold; a variant names the original it is of."""
    for prepared in (tiny_original, tiny_prepared):
        manifest = prepared.manifest
        assert Manifest.parse(manifest.dump()) == manifest
        assert manifest.labels == ("PER", "ORG", "LOC", "MISC")
        assert set(manifest.build.versions) >= {"torch", "openvino", "nncf", "optimum-intel"}
        assert prepared.damaged == ()
    assert tiny_prepared.manifest.made_from == tiny_original.fingerprint
    assert tiny_original.manifest.gate is None


def test_a_prepared_folder_can_be_a_side(tiny_prepared: Prepared) -> None:
    """By its path, as it stands; a recipe behind it executes it differently."""
    variant = find_local(str(tiny_prepared.folder))

    assert (tiny_prepared.folder, "int8") == (variant.folder, variant.recipe.name)
    assert tiny_prepared.fingerprint in variant.spec.title
    assert "bf16" == find_local(f"{tiny_prepared.folder}#bf16").recipe.name


def test_a_folder_with_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    """And told why."""
    (tmp_path / "manifest.json").write_text("{}")

    with pytest.raises(ModelRefused, match="another version, or one that was changed"):
        find_local(str(tmp_path))
