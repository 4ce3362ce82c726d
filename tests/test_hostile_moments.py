"""Preparing that is killed, disturbed or doubled; bytes that change."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from evidence.record_kills import flips, kills

from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared, prepared_root, read_prepared

ROOT = Path(__file__).parent.parent


def test_a_changed_byte_is_found_in_every_file(tiny_prepared: Prepared, tmp_path: Path) -> None:
    """The manifest's own too: it holds a checksum of itself."""
    found = flips(tiny_prepared, 10, 1, tmp_path)

    folder = tiny_prepared.folder
    names = {it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file()}
    assert names == {file for file, _ in found}
    assert "manifest.json" in names
    assert all(caught for _, caught in found)


def test_a_file_cut_short_or_gone_is_found(tiny_prepared: Prepared, tmp_path: Path) -> None:
    """As a full disk or a lost page leaves it."""
    for name in ("openvino_model.bin", "config.json", "manifest.json"):
        for cut in (True, False):
            copy = tmp_path / f"{name}-{cut}"
            shutil.copytree(tiny_prepared.folder, copy)
            content = (copy / name).read_bytes()
            (copy / name).unlink()
            if cut:
                (copy / name).write_bytes(content[: len(content) // 2])
            read = read_prepared(copy)
            assert read is None or read.damaged


def test_two_processes_prepare_one_folder(
    tiny_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One does the work, the other waits and takes what was made."""
    monkeypatch.setenv("NER_HOME", str(tmp_path))
    command = [sys.executable, "-m", "ner.preparing.prepare", str(tiny_spec.folder), "int8"]
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    stages = [
        [json.loads(line)["stage"] for line in one.communicate()[0].splitlines()] for one in running
    ]

    assert [0, 0] == [one.returncode for one in running]
    assert [0, 4] == sorted(map(len, stages))
    made = [one for one in prepared_root().iterdir() if not one.name.startswith(".")]
    found = [read_prepared(folder) for folder in made]
    assert [()] * 2 == [prepared and prepared.damaged for prepared in found]


@pytest.mark.full
def test_killed_at_any_moment_the_next_start_is_clean(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """Twenty moments; nothing half made is served, and nothing is left over."""
    found = kills(tiny_spec, 20, 2, tmp_path)

    assert 20 == sum(one.nothing_half_made_served and one.next_start_clean for one in found)
