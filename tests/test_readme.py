"""What the README says is so: its header, its numbers, its commands and its Python."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from evidence import readme_results
from test_cli import ROOT, here
from tiny_architectures import ARCHITECTURES

README = (ROOT / "README.md").read_text(encoding="utf-8")
READMES = (ROOT / "README.md", *sorted((ROOT / "ner").glob("*/README.md")))


def header() -> dict[str, str]:
    """The simple fields of the Space's header."""
    block = README.split("---\n")[1]
    return dict(re.findall(r"^(\w+): (.+)$", block, flags=re.MULTILINE))


def test_the_header_is_one_that_spaces_accepts() -> None:
    """Fields that Spaces requires, within its limits, and the pinned Gradio."""
    fields = header()

    assert fields["sdk"] == "gradio"
    assert f"gradio=={fields['sdk_version']}\n" in (ROOT / "requirements.txt").read_text()
    assert len(fields["short_description"]) <= 60
    assert fields["app_file"] == "app.py"
    assert fields["python_version"].strip('"') in ("3.11", "3.12")


def test_the_numbers_are_those_of_the_records() -> None:
    """Nobody typed them: python tests/evidence/readme_results.py writes them."""
    for file in readme_results.READMES:
        assert readme_results.rewrite(file) == file.read_text(encoding="utf-8")


def test_every_command_exists() -> None:
    """The table of commands is the command line's own."""
    from typer.main import get_command

    from ner.cli.main import app

    table = README.split("## On the command line")[1].split("Which architectures")[0]
    named = set(re.findall(r"^\| `(\w+)", table, flags=re.MULTILINE))

    assert named == set(get_command(app).commands)  # type: ignore[attr-defined]


def layout() -> str:
    """The table of the code, in the words of each folder's and module's own docstring."""
    from test_layers import ORDER, PACKAGE

    rows = []
    for name in ORDER[:-1]:
        folder = PACKAGE / name
        file = folder / "__init__.py" if folder.is_dir() else PACKAGE / f"{name}.py"
        says = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[
            0
        ]
        words = " ".join(says.split()).replace("``", "`")
        rows.append(f"| `{name}{'/' if folder.is_dir() else ''}` | {words} |\n")
    return "| folder or file | does |\n|---|---|\n" + "".join(rows)


def test_the_layout_is_that_of_the_code() -> None:
    """Each folder and module stands in the table, in import order, with its docstring."""
    table = README.split("<!-- layout -->\n")[1].split("<!-- /layout -->")[0]

    assert table == layout()


def test_the_architectures_are_those_that_are_tried() -> None:
    """Each type in the table is one that the tests of exporting make, and the other way round."""
    table = README.split("<!-- architectures -->")[1].split("<!-- /architectures -->")[0]
    named = re.findall(r"`([\w-]+)`", re.sub(r"\| (?!`)[^|]*\|$", "|", table, flags=re.MULTILINE))

    assert set(named) - {"original", "bf16"} == set(ARCHITECTURES)


@pytest.mark.parametrize("folder", ["deploy", "serving"])
def test_every_variable_is_explained(folder: str) -> None:
    """Each NER_ variable that the code reads stands in the table of one README, and no other."""
    read = {
        name
        for file in (ROOT / "ner").rglob("*.py")
        if (file.parent.name == "serving") == (folder == "serving")
        for name in re.findall(r"\"(NER_[A-Z_]+)\"", file.read_text(encoding="utf-8"))
    }
    text = (ROOT / "ner" / folder / "README.md").read_text(encoding="utf-8")
    table = text.split("| variable |")[1].split("\n\n")[0]

    assert set(re.findall(r"`(NER_[A-Z_]+)`", table)) == read


def test_every_link_leads_somewhere() -> None:
    """Relative links, of this README and of each folder's, name files that are there."""
    for file in (ROOT / "README.md", *ROOT.glob("ner/*/README.md"), *ROOT.glob("assets/*/*.md")):
        text = file.read_text(encoding="utf-8")
        # A label in brackets is no link: it has neither dot nor slash.
        for target in re.findall(r"\]\(([^)#:]*[./][^)#:]*)(?:#\w+)?\)", text):
            assert (file.parent / target).exists(), target


@pytest.mark.parametrize("folder", ["evaluating", "files", "train"])
def test_every_file_of_a_folder_is_named(folder: str) -> None:
    """A stranger is told where what is, and of no file that is gone."""
    text = (ROOT / "ner" / folder / "README.md").read_text(encoding="utf-8")
    modules = {file.name for file in (ROOT / "ner" / folder).glob("*.py")} - {"__init__.py"}

    # One of the top is told of beside them.
    assert modules == set(re.findall(r"`(\w+\.py)`", text)) - {"io.py"}


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "PER 0 12"), (1, "London")], ids=["load and compare", "predict"]
)
def test_the_python_runs_as_it_stands(bundled_sides: Any, number: int, shown: str) -> None:
    """Each example is executed."""
    code = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[number]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert shown in done.stdout


@pytest.mark.parametrize(
    "line",
    sorted(
        {
            line
            for file in READMES
            for line in re.findall(r"^python -m ner (.+)$", file.read_text("utf-8"), re.MULTILINE)
        }
    ),
)
def test_every_example_command_parses(line: str) -> None:
    """Options in the examples of each README exist; --help tells without running anything."""
    shown = here(line.split()[0], "--help").stdout

    assert all(option in shown for option in re.findall(r"--[a-z-]+", line))
