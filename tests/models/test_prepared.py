"""What a prepared folder says of itself."""

from __future__ import annotations

from ner.models.manifest import Manifest
from ner.models.prepared import Prepared
from ner.models.recipes import Variant


def test_the_manifest_tells_what_was_made(tiny_prepared: Prepared) -> None:
    """It survives a round trip, and its checksums hold."""
    manifest = tiny_prepared.manifest

    assert Manifest.parse(manifest.dump()) == manifest
    assert manifest.labels == ("PER", "ORG", "LOC", "MISC")
    assert set(manifest.recipe.versions) >= {"torch", "openvino", "nncf", "optimum-intel"}
    assert tiny_prepared.damaged(*Variant) == ()
