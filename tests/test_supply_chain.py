"""Pins, the lock and the audit say the same; the image is built as deploy makes its folder."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from evidence import audit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK, flags=re.MULTILINE))
UNLOCKED = {"torch"}


def pinned(name: str) -> list[Requirement]:
    """The requirements of a file of ours, without those that it includes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_every_pin_is_exact_and_locked(name: str) -> None:
    """The lock was made of these files as they are; only torch is left out of it."""
    for one in pinned(name):
        [exact] = one.specifier
        assert exact.operator == "=="
        if one.name not in UNLOCKED:
            assert LOCKED[canonicalize_name(one.name)] == exact.version, one.name


def test_requirements_are_the_dependencies_and_what_prepares() -> None:
    """The package alone serves; the file at the top converts models as well. Nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["prepare"]]

    assert sorted(listed) == sorted(map(str, pinned("requirements.txt")))


def test_serving_imports_no_converter() -> None:
    """The page and the command line start where no extra is installed."""
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'optimum', 'nncf', 'onnxruntime', 'pyspark'):\n"
        "    sys.modules[name] = None\n"
        "import app, ner, ner.cli.main, ner.deploy.export, ner.deploy.space, ner.deploy.smoke"
    )

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_all_that_is_locked_has_hashes() -> None:
    """Pip refuses a lock otherwise; a hash is a SHA-256. How it was made is said."""
    entries = re.split(r"\n(?=\w)", LOCK)[1:]

    assert len(entries) == len(LOCKED)
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:40]
    assert not UNLOCKED & set(LOCKED)
    # Whoever uses it has an index of their own.
    assert "uv pip compile .ci/requirements.in" in LOCK[:300]
    assert "://" not in LOCK


def finding(*aliases: str) -> list[dict[str, Any]]:
    """One package with one finding."""
    vulnerability = {"id": "PYSEC-1", "aliases": list(aliases)}
    return [{"name": "some", "version": "1", "vulns": [vulnerability]}]


def test_a_finding_fails_unless_it_is_accepted_with_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its id or any alias; without an answer nothing was audited, and that is said."""
    assert audit.verdict(finding(), 1)[1] == 1
    assert audit.verdict([{"name": "some", "version": "1", "vulns": []}], 1) == (
        "1 of 1 packages audited.\n",
        0,
    )
    assert audit.verdict([], 1)[0].startswith("NOT AUDITED")
    monkeypatch.setitem(audit.ACCEPTED, "CVE-1", "not reachable")
    assert audit.verdict(finding("CVE-1"), 1)[1] == 0
    assert "not reachable" in audit.verdict(finding("CVE-1"), 1)[0]


def test_the_audit_covers_the_lock_and_torch() -> None:
    """Every pin of the lock, and what is left out of it."""
    names = {pin.partition("==")[0] for pin in audit.pins()}

    assert set(LOCKED) | UNLOCKED <= names
