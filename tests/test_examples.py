"""The examples in the docstrings, run."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import ner

PACKAGE = Path(ner.__file__).parent
MODULES = [
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    for file in sorted(PACKAGE.rglob("*.py"))
    if ">>>" in file.read_text(encoding="utf-8") and file.name != "__init__.py"
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    """They give what they say."""
    found = doctest.testmod(importlib.import_module(name))

    assert 0 == found.failed
    assert found.attempted
