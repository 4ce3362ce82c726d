"""The Space's folder: what is in it, and that it starts."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from evidence import record_cold_start
from hub_of_spaces import hub_of_spaces
from test_cli import ROOT, run

from ner.deploy.smoke import start
from ner.deploy.space import check_header, check_size, serving_packages
from ner.errors import Failure, FileFormatError, PrepareFailed
from ner.models.catalogue import ModelSpec, catalogue
from ner.models.child import ensure_prepared
from ner.models.folder import Prepared, prepared_folder, read_prepared
from ner.models.recipes import default_sides


@pytest.fixture(scope="module")
def made(bundled_sides: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``deploy --dry-run --json`` says of the folder that it made and started."""
    out = tmp_path_factory.mktemp("deploy") / "space"
    done = run("deploy", "--space", "someone/ner", "--dry-run", "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def folder(made: dict[str, Any]) -> Path:
    """The folder itself."""
    return Path(made["folder"])


def test_the_folder_was_started_and_is_told(made: dict[str, Any], folder: Path) -> None:
    """The command answers only after the app in the folder did; its list of files is the disk's."""
    on_disk = {
        file.relative_to(folder).as_posix(): file.stat().st_size
        for file in folder.rglob("*")
        if file.is_file()
    }

    assert made["first_answer_seconds"] > 0
    assert made["uploaded"] is None
    assert made["files"] == on_disk
    assert made["bytes"] == sum(on_disk.values())
    assert {*made["large"]} == {name for name, size in on_disk.items() if size > 10_000_000}


def test_the_code_and_its_packages_are_the_serving_ones(folder: Path) -> None:
    """The package as it is, and what it needs without an extra: no converter, nothing hidden."""
    lines = (folder / "requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines}
    code = {file.relative_to(folder) for file in (folder / "ner").rglob("*") if file.is_file()}

    assert serving_packages(ROOT) == lines
    assert not {"torch", "nncf", "optimum-intel", "transformers"} & names
    assert {file.relative_to(ROOT) for file in (ROOT / "ner").rglob("*.py")} <= code
    assert {file.suffix for file in code} <= {".py", ".jinja", ".html", ".css", ".js"}
    parts = {part for file in folder.rglob("*") for part in file.relative_to(folder).parts}
    assert not {part for part in parts if part.startswith(".")}
    assert not parts & {"__pycache__", "tests"}
    assert not (folder / "assets" / "deploy").exists()


def test_both_variants_of_every_bundled_model_are_inside(folder: Path) -> None:
    """Ready to be served: a sound prepared folder, in line with the checkpoint that is there."""
    for spec in catalogue():
        if spec.folder is not None:
            for variant in default_sides(spec):
                name = prepared_folder(variant).name
                prepared = read_prepared(folder / "assets" / "prepared" / name)
                assert prepared is not None
                assert not prepared.damaged


@pytest.mark.parametrize("command", [["deploy", "--space", "someone/ner", "--dry-run"], ["export"]])
def test_a_folder_with_something_else_in_it_is_refused(command: list[str], tmp_path: Path) -> None:
    """Before anything is written: nothing in it changes."""
    (tmp_path / "precious").write_text("mine")
    done = run(*command, "--out", str(tmp_path))

    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert ["precious"] == [file.name for file in tmp_path.iterdir()]
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_shipped_model_is_found_and_gives_way_where_it_is_damaged(
    tiny_original: Prepared,
    tiny_prepared: Prepared,
    tiny_spec: ModelSpec,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the app, read only, without a cache folder; it can't be mended, nor be made anew."""
    shipped, name = home / "shipped", tiny_prepared.folder.name
    monkeypatch.setattr("ner.models.folder.shipped_root", lambda: shipped)
    for made in (tiny_original, tiny_prepared):
        shutil.copytree(made.folder, shipped / made.folder.name)
    int8 = default_sides(tiny_spec)[1]

    assert ensure_prepared(int8).folder == shipped / name
    assert not (home / "prepared").exists()

    with (shipped / name / "openvino_model.bin").open("r+b") as file:
        file.write(b"\0\1\2")
    made_here = shutil.copytree(tiny_prepared.folder, home / "prepared" / name)
    assert ensure_prepared(int8).folder == made_here


def test_where_nothing_can_be_prepared_that_is_said(
    tiny_spec: ModelSpec, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch no child process is started that would only fail."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(PrepareFailed, match="only serves"):
        ensure_prepared(default_sides(tiny_spec)[1])


HEADER = """---
title: "T"
emoji: 🏷️
colorFrom: blue
colorTo: indigo
sdk: gradio
sdk_version: 6.31.0
python_version: "3.12"
app_file: app.py
short_description: Short
license: apache-2.0
---
"""


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('title: "T"', "", "title: Field required"),
        ("🏷️", "abc", "emoji: "),
        ("blue", "teal", "colorFrom: Input should be 'red'"),
        ("indigo", "ultramarine", "colorTo: "),
        ("sdk: gradio", "sdk: static", "sdk: Input should be 'gradio'"),
        ("6.31.0", "6.30.0", "sdk_version: is not that of requirements.txt"),
        ('"3.12"', '"3.8"', "python_version: Input should be '3.12'"),
        ('"3.12"', "3.12", "python_version: "),
        ("app.py", "main.py", "app_file: is not there"),
        ("Short", "x" * 61, "short_description: .* at most 60 characters"),
        ("license: apache-2.0", "", "license: Field required"),
        ("title", "title: [", "no header that can be read"),
    ],
)
def test_a_header_that_spaces_would_refuse_is_refused(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    """Each field by itself; the header that is not changed passes."""
    (tmp_path / "app.py").touch()
    (tmp_path / "requirements.txt").write_text("gradio==6.31.0\n")
    (tmp_path / "README.md").write_text(HEADER, encoding="utf-8")
    check_header(tmp_path)
    (tmp_path / "README.md").write_text(HEADER.replace(before, after), encoding="utf-8")

    with pytest.raises(FileFormatError, match=problem):
        check_header(tmp_path)


def test_a_folder_over_the_limit_is_refused() -> None:
    """With the largest file's name; up to the limit it passes."""
    files = {"small": 1, "big.bin": 20_000_000}
    check_size(files, limit=20_000_001)

    with pytest.raises(Failure, match=r"20 MB; a Space takes 20 MB.*big\.bin"):
        check_size(files, limit=20_000_000)


def test_a_start_that_fails_is_told_with_the_last_words(tmp_path: Path) -> None:
    """An app that ends at once: exit code and what it said, at once."""
    (tmp_path / "app.py").write_text("raise SystemExit('no such luck')")

    with pytest.raises(Failure, match=r"exit code 1 before it answered.*no such luck"):
        start(tmp_path)


def test_on_zero_gpu_the_app_registers_a_gpu_function_and_runs(
    folder: Path, tmp_path: Path
) -> None:
    """With the real package: at launch it reports for duty only if there is a GPU function."""
    pytest.importorskip("spaces", reason="part of tests/requirements.txt")
    # The folder's packages have no torch, and that package accepts none or one with CUDA.
    (tmp_path / "torch.py").write_text("raise ImportError")
    with hub_of_spaces() as pool:
        start(
            folder,
            environment={
                "SPACES_ZERO_GPU": "true",
                "SPACES_ZERO_DEVICE_API_URL": pool.url,
                "PYTHONPATH": str(tmp_path),
            },
        )

    assert pool.requests == [("POST", "/startup-report")]


@pytest.mark.full
def test_the_folder_starts_on_its_own(bundled_sides: Any, tmp_path: Path) -> None:
    """In an environment with nothing but its requirements it answers, and writes nothing there.

    As root on Linux without network too, and as another user if that one can reach this Python.
    """
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    record = record_cold_start.measure(tmp_path / "work", sys.executable, starts=1)

    assert not record["torch"]
    if record_cold_start.can_isolate():
        assert record["isolation"]["network"] == "loopback only"


def test_the_recorded_cold_start_keeps_its_promise() -> None:
    """The first answer within 5 seconds, isolated, without torch: as README.md says."""
    record = json.loads(record_cold_start.RECORD.read_text())

    assert record["first_answer_seconds"] <= 5
    assert record["isolation"] == {
        "network": "loopback only",
        "user": record_cold_start.UNPRIVILEGED,
        "folder": "read-only",
    }
    assert not record["torch"]
