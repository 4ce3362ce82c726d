"""What a person writes, and the variant that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import ModelRefused
from ner.models.folder import Prepared
from ner.models.names import resolve


@pytest.mark.parametrize(
    ("written", "default", "name"),
    [
        ("medical#bf16", "bundled#int8", "medical#bf16"),
        ("medical", "bundled#int8", "medical#int8"),
        ("original", "bundled#int8", "bundled#original"),
        ("#int4", "bundled#int8", "bundled#int4"),
        ("", "medical#original", "medical#original"),
    ],
)
def test_either_half_may_be_left_out(written: str, default: str, name: str) -> None:
    """A word alone is a recipe if there is one of that name, else a model; the default fills in."""
    assert resolve(written, default=default).name == name
    assert resolve("").name == "bundled#int8"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("nobody#int8", "no model called 'nobody'"),
        ("bundled#int3", r"no recipe 'int3'\. Choose one of original, bf16"),
    ],
)
def test_an_unknown_half_is_refused_with_what_there_is(written: str, problem: str) -> None:
    """Each by its own list."""
    with pytest.raises(ModelRefused, match=problem):
        resolve(written, visitor=True)


def test_a_prepared_folder_can_be_a_side(tiny_prepared: Prepared) -> None:
    """By its path, as it stands; a recipe after it executes it differently. Never for a visitor."""
    variant = resolve(str(tiny_prepared.folder))

    assert (tiny_prepared.folder, "int8") == (variant.folder, variant.recipe.name)
    assert tiny_prepared.fingerprint in variant.spec.title
    assert "bf16" == resolve(f"{tiny_prepared.folder}#bf16").recipe.name
    with pytest.raises(ModelRefused, match="no model called"):
        resolve(str(tiny_prepared.folder), visitor=True)


def test_a_folder_with_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    """With the reason."""
    (tmp_path / "manifest.json").write_text("{}")

    with pytest.raises(ModelRefused, match="another version, or one that was changed"):
        resolve(str(tmp_path))
