"""The table of hazards names tests and records that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
TABLE = (TESTS / "HAZARDS.md").read_text(encoding="utf-8")


def rows() -> dict[int, str]:
    """What tries each hazard, by its number."""
    found = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", TABLE, re.M)
    return {int(number): tried for number, tried in found}


def test_each_hazard_is_there_once_and_tried() -> None:
    """In order, and none without a test or a record."""
    numbers = list(rows())

    assert list(range(1, 41)) == numbers[:40]
    assert sorted(set(numbers)) == numbers
    assert all("`" in tried for tried in rows().values())


def test_what_is_named_exists() -> None:
    """Each test is a function of its file, each record a file."""
    for named in re.findall(r"`([^`]+(?:::|\.json)[^`]*)`", TABLE):
        file, _, test = named.partition("::")
        if not test:
            assert (TESTS.parent / file).is_file(), named
            continue
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert test in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, named
