"""Preparing, whole: what is made, and what happens when something goes wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.prepared import Prepared, find_prepared, prepared_root
from ner.models.recipes import Variant, recipe_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("variant", list(Variant), ids=str)
def test_a_prepared_folder_loads_elsewhere(tiny_prepared: Prepared, variant: Variant) -> None:
    """Anyone can take it to Optimum Intel and transformers as it stands."""
    from optimum.intel import OVModelForTokenClassification
    from transformers import AutoTokenizer

    folder = tiny_prepared.variant(variant)
    model = OVModelForTokenClassification.from_pretrained(folder)
    encoded = AutoTokenizer.from_pretrained(folder)("My name is Wolfgang", return_tensors="np")

    assert model(**encoded).logits.shape == (1, 6, 9)


def test_a_flipped_byte_is_found_and_mended(
    tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checksum catches it, and the folder is made anew once."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    copy = prepared_root() / tiny_prepared.folder.name
    shutil.copytree(tiny_prepared.folder, copy)
    weights = copy / "int8" / "openvino_model.bin"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    weights.write_bytes(content)
    stages: list[str] = []

    mended = ensure_prepared(
        tiny_spec, tuple(Variant), report=lambda progress: stages.append(progress.name)
    )

    assert "Quantizing to INT8" in stages
    assert mended.damaged(*Variant) == ()
    assert [copy.name] == [one.name for one in prepared_root().glob("tiny-*")]


def test_nothing_half_made_is_left_or_served(
    tiny_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it quantizes; the next start is clean and finishes."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "ner", "prepare"),
            *("--model", str(tiny_spec.folder), "--progress-lines"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["stage"] == "Quantizing to INT8":
            break
    child.kill()
    child.communicate()

    assert find_prepared(recipe_of(tiny_spec), "tiny") is None
    assert ensure_prepared(tiny_spec, tuple(Variant)).damaged(*Variant) == ()
