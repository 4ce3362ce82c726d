"""Checkpoints that are refused before anything of them is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ner.errors import ModelRefused
from ner.models.catalogue import ModelSpec
from ner.preparing.checkpoint import vet


def broken(tiny_spec: ModelSpec, folder: Path, **changes: Any) -> Path:
    """A copy of the tiny checkpoint with changes to its config.json."""
    shutil.copytree(str(tiny_spec.folder), folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "evil.Model"}}, "code of its own"),
        ({"_attn_implementation_internal": "evil/kernel"}, "code of its own"),
        ({"architectures": ["BertForMaskedLM"]}, "not a token classifier"),
        ({"architectures": None}, "not a token classifier"),
        ({"id2label": None}, "names no labels"),
    ],
    ids=["auto_map", "internal", "other task", "no task", "no labels"],
)
def test_an_unsuitable_checkpoint_is_refused(
    tiny_spec: ModelSpec, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """Before anything of it is loaded, with the reason."""
    with pytest.raises(ModelRefused, match=message):
        vet(broken(tiny_spec, tmp_path / "broken", **changes))


def test_pickled_weights_are_refused(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """They can run code when they are read, so they are not read."""
    folder = broken(tiny_spec, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(ModelRefused, match=r"has no model\.safetensors"):
        vet(folder)
