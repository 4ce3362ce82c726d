"""The architecture: imports go down the layers only, and heavy libraries have their owners."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ner"

# From the bottom up; a module or folder imports from those before it. A folder is one name here.
LAYERS = (
    "errors entities tags counts stats machine progress io telemetry verdict markup tables",
    "tagging comparing",
    "models",
    "schema evaluating choosing",
    "files",
    "deploy",
    "train preparing",
    "api frames spark serving ui",
    "cli __main__",
)
ORDER = " ".join(LAYERS).split()

# Who may import what is slow to import or large; asserted equal, so that the table stays true.
OWNERS = {
    "numpy": {"choosing", "comparing", "preparing", "stats", "tagging", "train"},
    "scipy": {"stats"},
    "pandas": {"files", "frames"},
    "tokenizers": {"choosing", "tagging"},
    "py3langid": {"tagging"},
    "openvino": {"preparing", "tagging"},
    "huggingface_hub": {"deploy", "preparing", "train"},
    "httpx": {"deploy", "preparing"},
    "filelock": {"files", "preparing"},
    "platformdirs": {"models"},
    "pydantic": {"models", "preparing", "deploy", "schema"},
    "torch": {"choosing", "preparing", "train"},
    "transformers": {"choosing", "preparing", "train"},
    "optimum": {"choosing", "preparing"},
    "onnxruntime": {"choosing"},
    "nncf": {"preparing"},
    "safetensors": {"train"},
    "pyspark": {"spark"},
    "gradio": {"serving", "ui"},
    "gradio_client": {"deploy"},
    "starlette": {"serving"},
    "markdown_it": {"ui"},
    "prometheus_client": {"serving"},
    "psutil": {"choosing", "deploy", "machine"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "yaml": {"deploy"},
    "jinja2": {"markup", "serving"},
    "markupsafe": {"evaluating", "markup", "tables", "ui"},
    "pyarrow": {"files", "spark"},
    "spacy": {"files"},
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


# What the whole of ner/ may hold; lowered whenever the code has shrunk, never raised.
MOST_TOKENS, MOST_CLASSES, MOST_LINES = 126_600, 151, 21_240

_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def size(file: Path) -> Counter[str]:
    """Tokens without comments, docstrings and layout, and classes and lines of one file."""
    text = file.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        node.body[0].lineno
        for node in nodes
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    }
    tokens = sum(
        token.type not in _LAYOUT
        and not (token.type == tokenize.STRING and token.start[0] in docstrings)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
    )
    classes = sum(isinstance(node, ast.ClassDef) for node in nodes)
    return Counter(tokens=tokens, classes=classes, lines=len(text.splitlines()))


def test_the_budget_holds() -> None:
    """The package stays as small as it has become."""
    total = sum(map(size, PACKAGE.rglob("*.py")), Counter())

    assert total["tokens"] <= MOST_TOKENS
    assert total["classes"] <= MOST_CLASSES
    assert total["lines"] <= MOST_LINES


def test_function_bodies_are_short() -> None:
    """No function body has over 50 lines, docstring left out."""
    too_long = []
    for file in chain(files(), [PACKAGE.parent / "app.py"]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                if length > 50:
                    too_long.append(f"{file.name}:{node.name} has {length} lines")

    assert not too_long


def test_files_are_short() -> None:
    """No file has over 500 lines."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files()}

    assert {} == {str(file): length for file, length in lengths.items() if length > 500}


def test_libraries_stay_with_their_owners() -> None:
    """Anything beyond the standard library is imported where the table says, and nowhere else."""
    users: dict[str, set[str]] = {}
    for file in files():
        for name in imported(file):
            users.setdefault(name.partition(".")[0], set()).add(owner(file))
    for ours in ("ner", "__future__", "_typeshed", *sys.stdlib_module_names):
        users.pop(ours, None)

    assert users == OWNERS
