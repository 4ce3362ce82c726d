"""The architecture: imports go down the layers only, and heavy libraries have their owners."""

from __future__ import annotations

import ast
import sys
from itertools import chain
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ner"

# From the bottom up; a module or folder imports from those before it. A folder is one name here.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "errors",
        "entities",
        "counts",
        "stats",
        "machine",
        "spreadsheet",
        "telemetry",
        "colours",
        "markup",
    ),
    ("tagging", "comparing"),
    ("models",),
    ("schema", "evaluating", "measuring"),
    ("files",),
    ("train", "preparing"),
    ("spark", "deploy"),
    ("api", "frames", "serving", "ui"),
    ("cli", "__main__"),
)
ORDER = [module for layer in LAYERS for module in layer]

# Who may import what is slow to import or large; asserted equal, so that the table stays true.
OWNERS = {
    "numpy": {"comparing", "measuring", "preparing", "stats", "tagging", "train"},
    "scipy": {"stats"},
    "pandas": {"frames", "ui"},
    "tokenizers": {"tagging", "train"},
    "openvino": {"measuring", "preparing", "tagging"},
    "huggingface_hub": {"deploy", "preparing"},
    "httpx": {"deploy", "preparing"},
    "filelock": {"files", "preparing"},
    "torch": {"measuring", "preparing", "train"},
    "transformers": {"measuring", "preparing", "train"},
    "optimum": {"measuring", "preparing"},
    "nncf": {"preparing"},
    "safetensors": {"train"},
    "pyspark": {"spark"},
    "py4j": {"spark"},
    "gradio": {"serving", "ui"},
    "starlette": {"serving", "ui"},
    "markdown_it": {"ui"},
    "prometheus_client": {"serving"},
    "psutil": {"deploy", "measuring", "serving"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "yaml": {"deploy"},
    "packaging": {"deploy"},
    "jinja2": {"markup"},
    "markupsafe": {"markup", "ui", "files"},
    "pyarrow": {"spark"},
}


def files() -> list[Path]:
    return [file for file in sorted(PACKAGE.rglob("*.py")) if file != PACKAGE / "__init__.py"]


def owner(file: Path) -> str:
    """The module or sub-package of ``ner`` that a file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(file: Path) -> set[str]:
    """The dotted names that a file imports, at the top or inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down(file: Path) -> None:
    """A module imports from lower layers, or from earlier ones of its own."""
    here = ORDER.index(owner(file))
    for name in imported(file):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if top == "ner" and target != owner(file):
            assert target in ORDER[:here], f"{file.name} must not import {name}"


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_libraries_stay_with_their_owners(file: Path) -> None:
    """Anything beyond the standard library is imported only where the table says."""
    for name in imported(file):
        library = name.partition(".")[0]
        if library not in {"ner", "__future__", "_typeshed", *sys.stdlib_module_names}:
            assert owner(file) in OWNERS[library], f"{file.name} must not import {library}"


def test_function_bodies_are_short() -> None:
    """No function body has over 40 lines, docstring left out."""
    too_long = []
    for file in chain(files(), [PACKAGE.parent / "app.py"]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                if length > 40:
                    too_long.append(f"{file.name}:{node.name} has {length} lines")

    assert not too_long
