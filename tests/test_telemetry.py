"""Nothing reports its use to anybody, and the host's modules are left as they were."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ner
from ner.telemetry import without_telemetry

pytestmark = pytest.mark.slow

PACKAGE = Path(ner.__file__).parent
REPORTERS = {"openvino", "nncf", "optimum"}
# Stands in for the real package and leaves a file where it is so much as imported.
REPORTER = """
import os, pathlib
pathlib.Path(os.environ["REPORTED"]).touch()
raise ImportError("a stand-in")
"""


def reported(code: str, folder: Path) -> bool:
    """Whether a process that runs ``code`` imports what reports would be sent with."""
    package = folder / "openvino_telemetry"
    package.mkdir()
    (package / "__init__.py").write_text(REPORTER, encoding="utf-8")
    mark = folder / "reported"
    paths = os.pathsep.join([str(folder), str(PACKAGE.parent)])
    environment = {**os.environ, "PYTHONPATH": paths, "REPORTED": str(mark)}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
    return mark.exists()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # Without this package it happens.
        ("import openvino", True),
        ("import ner.tagging.inference", False),
        ("import ner.choosing.peers", False),
        ("import ner.preparing.quantize, nncf; nncf.quantize", False),
    ],
)
def test_nothing_is_there_to_report_with(code: str, expected: bool, tmp_path: Path) -> None:
    """Neither OpenVINO nor NNCF finds the package that sends, however ours is entered."""
    assert expected == reported(code, tmp_path)


def test_importing_ner_leaves_the_hosts_modules_alone() -> None:
    """Only modules of its own and of the standard library come in, none of them None."""
    code = (
        "import sys; before = set(sys.modules); import ner; "
        "new = {name for name in set(sys.modules) - before"
        " if name.partition('.')[0] not in sys.stdlib_module_names}; "
        "print(sorted(new), None in sys.modules.values())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )

    assert "['ner'] False" == done.stdout.strip()


def test_the_hosts_modules_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the host has imported the reporter itself or not."""
    monkeypatch.delitem(sys.modules, "openvino_telemetry", raising=False)
    with without_telemetry(), pytest.raises(ImportError, match="openvino_telemetry"):
        import openvino_telemetry  # noqa: F401
    assert "openvino_telemetry" not in sys.modules

    monkeypatch.setitem(sys.modules, "openvino_telemetry", ast)
    with without_telemetry():
        assert sys.modules["openvino_telemetry"] is None
    assert sys.modules["openvino_telemetry"] is ast


def imports(node: ast.AST) -> list[str]:
    """The libraries that report and that are imported below ``node``."""
    names = []
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            names += [alias.name for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            names.append(str(child.module))
    return [name for name in names if name.partition(".")[0] in REPORTERS]


def test_what_reports_is_imported_without_telemetry() -> None:
    """Every import of OpenVINO, NNCF or Optimum Intel stands in ``with without_telemetry()``."""
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        silent = [
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            and "without_telemetry()" in {ast.unparse(item.context_expr) for item in node.items}
            for name in imports(node)
        ]

        assert imports(tree) == silent, file.name
