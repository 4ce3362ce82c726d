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
from ner.models.folder import Prepared, find_prepared, prepared_root
from ner.models.recipes import default_sides

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["openvino_model.bin", "manifest.json"])
def test_a_broken_folder_is_found_and_made_anew(
    name: str, tiny_spec: ModelSpec, tiny_original: Prepared, tiny_prepared: Prepared, home: Path
) -> None:
    """By one byte. It must not be in the new one's way, nor must what is left of it stay."""
    for made in (tiny_original, tiny_prepared):
        shutil.copytree(made.folder, prepared_root() / made.folder.name)
    copy = prepared_root() / tiny_prepared.folder.name
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (copy / name).write_bytes(content)
    leftover, of_another = (copy.parent / f".{it}.new" for it in (copy.name, "other-0123"))
    leftover.mkdir()
    of_another.mkdir()
    stages: list[str] = []

    mended = ensure_prepared(default_sides(tiny_spec)[1], report=stages.append)

    assert [
        "step 1 of 2: Making INT8",
        "step 2 of 2: Checking INT8 against the original",
    ] == stages
    assert (copy, ()) == (mended.folder, mended.damaged)
    assert [copy.name] == [one.name for one in prepared_root().glob("tiny-int8-*")]
    assert of_another.exists()
    assert not leftover.exists()


def test_nothing_half_made_is_left_or_served(tiny_spec: ModelSpec, home: Path) -> None:
    """Killed while it quantizes; the next start is clean and finishes."""
    child = subprocess.Popen(
        [sys.executable, "-m", "ner.preparing.prepare", str(tiny_spec.folder), "int8"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if "Making INT8" in json.loads(line)["stage"]:
            break
    child.kill()
    child.communicate()

    int8 = default_sides(tiny_spec)[1]
    assert find_prepared(int8) is None
    assert ensure_prepared(int8).damaged == ()
