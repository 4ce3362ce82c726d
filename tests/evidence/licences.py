"""Writes assets/licences.md: the licences of all packages that are needed, and of the models.

PYTHONPATH=.:tests python tests/evidence/licences.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ner.deploy.space import serving_packages
from ner.models.catalogue import catalogue

ROOT = Path(__file__).parents[2]
LIST = ROOT / "assets" / "licences.md"


def serving() -> list[str]:
    """All packages that a server installs, by canonical name."""
    return sorted(required(serving_packages(ROOT)))


def preparing() -> list[str]:
    """What the whole of requirements.txt adds to these."""
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return sorted(required(line for line in pinned if line[:1] != "#") - set(serving()))


def required(requirements: Iterable[str]) -> set[str]:
    """The packages that ``requirements`` install, by canonical name, as far as they are here.

    What is required on other systems only, or for an extra, is left out.
    """
    waiting, found = [*map(Requirement, requirements)], set[str]()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
            try:
                waiting += map(Requirement, requires(name) or ())
                found.add(name)
            except PackageNotFoundError:
                continue
    return found


def licence(package: str) -> str:
    """What an installed package says of itself: an SPDX expression, a classifier, or words."""
    data = distribution(package).metadata
    if expression := data.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in data.get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    if classifiers:
        return " / ".join(classifiers)
    return str(data.get("License") or "").strip().split("\n")[0]


def rows(packages: list[str]) -> Iterator[str]:
    """A table of them."""
    yield "| package | version | licence |"
    yield "|---|---|---|"
    for name in packages:
        yield f"| {name} | {distribution(name).version} | {licence(name)} |"


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "# Licences"
    yield ""
    yield "This project is licensed under Apache-2.0. Below is what the packages that it installs"
    yield "say of themselves, on Linux;"
    yield "`PYTHONPATH=.:tests python tests/evidence/licences.py` writes this list."
    yield ""
    yield "## To serve"
    yield ""
    yield from rows(serving())
    yield ""
    yield "## Further, to prepare models"
    yield ""
    yield "With PyTorch's CPU build. Its plain wheel on Linux brings packages of NVIDIA's too,"
    yield "under licences of NVIDIA's own."
    yield ""
    yield from rows(preparing())
    yield ""
    yield "## Models"
    yield ""
    yield "| model | from | licence |"
    yield "|---|---|---|"
    for spec in catalogue():
        place = f"`assets/{spec.folder.name}`" if spec.folder else f"{spec.repo_id} on the Hub"
        yield f"| {spec.name} | {place} | {spec.licence} |"
    yield ""
    yield "What the bundled models were trained on stands in their cards."


def listed(text: str) -> dict[str, str]:
    """The names in the first column of the tables, and the licences in the last."""
    rows = re.findall(r"^\| ([^|]+) \|.*\| ([^|]+) \|$", text, flags=re.MULTILINE)
    return dict(rows)


if __name__ == "__main__":
    LIST.write_text("\n".join([*lines(), ""]), encoding="utf-8")
