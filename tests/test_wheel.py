"""The wheel: built from the tree, installed apart from it, and run where there is no checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from serving.running import app

from ner.models.open import Sides

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES = ("ner", "assets", "setup.py", "pyproject.toml", "requirements.txt")
DOCUMENTS = ("README.md", "LICENSE")


def pip(*arguments: str, cwd: Path) -> None:
    """Run pip, with nothing fetched from anywhere."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    subprocess.run([*command, "--no-deps", "--no-index"], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from a copy, so that nothing left in the tree by earlier builds gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    unneeded = shutil.ignore_patterns("__pycache__", ".*", "prepared", "node_modules")
    for name in (*SOURCES, *DOCUMENTS):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=unneeded)
        else:
            shutil.copy(source, tree)
    pip("wheel", ".", "--no-build-isolation", "--wheel-dir", str(folder), cwd=tree)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to put on the path, with the wheel installed in it."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", str(wheel), "--target", str(folder), cwd=folder)
    return folder


def run(installed: Path, cwd: Path, *arguments: str, ok: int = 0) -> str:
    """What a Python that has the wheel and no checkout prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ok, done.stderr
    return done.stdout + (done.stderr if ok else "")


def test_all_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    """Each module, template, style and script; of the bundled files what the program reads."""
    inside = set(ZipFile(wheel).namelist())
    kinds = {".py", ".html", ".jinja", ".css", ".js"}
    package = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "ner").rglob("*")
        if file.suffix in kinds
    }
    folders = ("model", "model-medical", "gold", "texts", "examples", "ui")
    bundled = {
        f"ner/{file.relative_to(ROOT).as_posix()}"
        for name in folders
        for file in (ROOT / "assets" / name).rglob("*")
        if file.is_file()
    }

    assert package | bundled <= inside
    assert not {name for name in inside if name.endswith((".png", "Dockerfile"))}
    assert not {name for name in inside if name.startswith(("tests/", "assets/"))}


def test_the_size_is_that_of_the_models(wheel: Path) -> None:
    """Nothing large travels by accident."""
    models = sum(file.stat().st_size for file in (ROOT / "assets").glob("model*/*"))

    assert wheel.stat().st_size <= models


def test_it_tags_from_the_command_line(
    installed: Path, tmp_path: Path, bundled_sides: Sides
) -> None:
    """With the model that came in the wheel; the module and the script are the same program."""
    text = "Ada Lovelace lived in London."
    script = installed / "bin" / "ner-compare"
    by_module = json.loads(run(installed, tmp_path, "-m", "ner", "tag", text, "--json"))
    by_script = json.loads(run(installed, tmp_path, str(script), "tag", text, "--json"))
    for answer in (by_module, by_script):
        del answer["provenance"]["date"]

    assert by_module["entities"][0]["text"] == "Ada Lovelace"
    assert by_module == by_script


def test_all_bundled_files_are_found(installed: Path, tmp_path: Path) -> None:
    """Gold sets, calibration and gate texts and recorded results, inside the package."""
    code = (
        "from ner.models.calibration import project_texts\n"
        "from ner.models.catalogue import assets, catalogue\n"
        "from ner.files.gold import read_gold\n"
        "bundled = [spec for spec in catalogue() if spec.folder]\n"
        "assert all(project_texts(spec.texts, 'calibration') for spec in bundled)\n"
        "assert all(project_texts(spec.texts, 'gate') for spec in bundled)\n"
        "assert all(read_gold(file) for file in (assets() / 'gold').iterdir())\n"
        "assert list((assets() / 'results').glob('bench-*.json'))\n"
        "print(assets())"
    )

    assert str(installed / "ner" / "assets") == run(installed, tmp_path, "-c", code).strip()


def test_the_page_is_served(installed: Path, tmp_path: Path, bundled_sides: Sides) -> None:
    """With its own style and script and the examples, as from the checkout."""
    serve = ("-m", "ner", "serve")
    place = {"cwd": tmp_path, "PYTHONPATH": str(installed)}
    with app(tmp_path / "log", command=serve, **place) as served:
        page = httpx.get(served.url, timeout=60).text

    assert "ner-style" in page
    assert "ner-script" in page


def test_a_missing_extra_is_named_by_what_it_holds(installed: Path, tmp_path: Path) -> None:
    """There is no checkout to install from, so the packages themselves are named."""
    code = "from ner.errors import MissingExtra; print(MissingExtra('Spark', 'spark'))"

    assert (
        'Spark needs an optional part: pip install "pyspark==4.3.0"'
        == run(installed, tmp_path, "-c", code).strip()
    )


def test_it_asks_for_what_serving_needs_and_no_more(wheel: Path) -> None:
    """`pip install ner-compare` brings no converter; the extras add to it."""
    with ZipFile(wheel) as inside:
        [name] = [name for name in inside.namelist() if name.endswith("METADATA")]
        data = inside.read(name).decode()
    required = re.findall(r"^Requires-Dist: ([\w-]+)(.*)", data, flags=re.MULTILINE)
    base = {package for package, rest in required if "extra ==" not in rest}

    assert {"gradio", "openvino", "tokenizers"} <= base
    assert not {"torch", "transformers", "optimum-intel", "nncf"} & base
    assert {"prepare", "train", "spark", "mcp", "peers"} <= set(
        re.findall(r"^Provides-Extra: (\w+)", data, flags=re.MULTILINE)
    )


def test_what_needs_a_checkout_says_so(installed: Path, tmp_path: Path) -> None:
    """A Space is made of app.py and requirements.txt, which a wheel hasn't."""
    command = ("-m", "ner", "deploy", "--space", "some/name", "--dry-run", "--out", "space")

    assert "Run it in a copy of the repository" in " ".join(
        run(installed, tmp_path, *command, ok=2).split()
    )
