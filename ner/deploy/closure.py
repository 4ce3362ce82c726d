"""What a program needs: the modules that it imports, and the packages that these import."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Closure:
    """``files`` of the tree itself, and the top-level names of all else that they import.

    The standard library is left out. Imports inside functions count.
    """

    files: frozenset[Path]
    libraries: frozenset[str]


def closure(root: Path, entry: Path) -> Closure:
    """What ``entry``, a file below ``root``, imports, directly or not."""
    files: set[Path] = set()
    libraries: set[str] = set()
    waiting = [entry]
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        files.add(file)
        for name in _imported(file):
            found = list(_modules(root, name))
            waiting += found
            if not found:
                libraries.add(name.partition(".")[0])
    return Closure(frozenset(files), frozenset(libraries - set(sys.stdlib_module_names)))


def _imported(file: Path) -> Iterator[str]:
    """The dotted names that a file imports; of ``from a import b`` both ``a`` and ``a.b``."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules(root: Path, name: str) -> Iterator[Path]:
    """The files below ``root`` that importing ``name`` runs: its packages' and its own."""
    path = root
    for part in name.split("."):
        path /= part
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file


def distributions(libraries: Iterable[str]) -> frozenset[str]:
    """The installed packages that importable names come from, and all that these require."""
    owners = packages_distributions()
    return required(owner for library in libraries for owner in owners.get(library, ()))


def required(packages: Iterable[str]) -> frozenset[str]:
    """Those of ``packages`` that are installed, and all that these require.

    Names are canonical: lower case, with hyphens. What is required on other systems only, or for
    an extra, is left out.
    """
    waiting = list(packages)
    found: set[str] = set()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        found.add(name)
        parsed = map(Requirement, needs)
        waiting += [
            requirement.name
            for requirement in parsed
            if not requirement.marker or requirement.marker.evaluate()
        ]
    return frozenset(found)


def pins(requirements: str, names: Iterable[str]) -> list[str]:
    """The lines of a requirements file that pin one of ``names``, in their order there."""
    wanted = set(names)
    return [
        line
        for line in requirements.splitlines()
        if (match := re.match(r"[\w.-]+", line)) and canonicalize_name(match[0]) in wanted
    ]
