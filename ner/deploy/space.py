"""The Space's folder: made from this tree, its header and sizes checked."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import SpaceCard
from pydantic import BaseModel, Field, ValidationError
from yaml import YAMLError

from ner.errors import Failure, FileFormatError, InputError
from ner.io import atomically, check_out
from ner.models.catalogue import ModelSpec, assets
from ner.models.child import OnStage, ensure_prepared, unheard
from ner.models.recipes import default_sides

# Spaces hold no more than this; files over the second are stored apart from git.
MAX_BYTES = 1_000_000_000
LARGE_FILE = 10_000_000
# What serving never reads.
_NOT_SERVED = shutil.ignore_patterns(".*", "__pycache__", "README.md")
_NOT_SERVED_ASSETS = shutil.ignore_patterns(".*", "deploy", "prepared")


_Colour = Literal["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]


class _Header(BaseModel):
    """Fields of the header: https://huggingface.co/docs/hub/spaces-config-reference."""

    title: str = Field(min_length=1)
    emoji: str = Field(pattern=r"[^\x00-\x7f]")
    colorFrom: _Colour
    colorTo: _Colour
    sdk: Literal["gradio"]
    # The only one that this package, CPU hardware and ZeroGPU all run on.
    python_version: Literal["3.12"]
    short_description: str = Field("", max_length=60)
    license: str = Field(min_length=1)


def build(specs: Iterable[ModelSpec], out: Path, *, report: OnStage = unheard) -> dict[str, int]:
    """Make the Space's folder at ``out``, with the prepared folder of each model inside.

    Gives the bytes of each file, by its path in the folder.
    A folder that an earlier call made is replaced; any other that is not empty is refused with
    ``InputError``. Raises ``FileFormatError`` for a bad header, ``Failure`` if the folder is too
    large, and as ``ensure_prepared``.
    """
    root = _checkout()
    check_out(out, "assets/prepared")
    with atomically(out) as folder:
        shutil.copytree(root / "ner", folder / "ner", ignore=_NOT_SERVED)
        shutil.copytree(assets(), folder / "assets", ignore=_NOT_SERVED_ASSETS)
        for name in ("app.py", "LICENSE"):
            shutil.copy(root / name, folder)
        lines = [*serving_packages(root), ""]
        (folder / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
        header = (root / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1]
        text = (root / "assets" / "deploy" / "README.md").read_text(encoding="utf-8")
        (folder / "README.md").write_text(f"---\n{header}---\n\n{text}", encoding="utf-8")
        for spec in specs:
            for variant in reversed(default_sides(spec)):
                prepared = ensure_prepared(variant, report=report)
                target = folder / "assets" / "prepared" / prepared.folder.name
                shutil.copytree(prepared.folder, target)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}
        check_header(folder)
        check_size(sizes)
    return sizes


def _checkout() -> Path:
    """The tree that this package runs from; installed without it, there is nothing to deploy."""
    root = assets().parent
    if not all((root / name).exists() for name in ("app.py", "pyproject.toml", "assets")):
        raise InputError(
            "deploy copies app.py and assets/, which are not here. Run it in a copy of the "
            "repository."
        )
    return root


def serving_packages(root: Path) -> list[str]:
    """What this package needs to serve: the dependencies without any extra."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages: list[str] = project["dependencies"]
    return packages


def check_size(files: Mapping[str, int], limit: int = MAX_BYTES) -> None:
    """Raise ``Failure`` if files of these sizes are more than a Space takes (``limit``, bytes)."""
    size = sum(files.values())
    if size > limit:
        largest = max(files, key=files.__getitem__)
        raise Failure(
            f"The folder has {size / 1e6:,.0f} MB; a Space takes {limit / 1e6:,.0f} MB. "
            f"Deploy fewer models; the largest file is {largest}."
        )


def check_header(folder: Path) -> None:
    """Raise ``FileFormatError``, with all that is wrong, for a README.md that Spaces would refuse.

    The Gradio that it names must be the one of the folder's requirements.txt.
    """
    try:
        header = SpaceCard((folder / "README.md").read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise FileFormatError("README.md", None, "it has no header that can be read.") from error
    fields: dict[str, Any] = header.data.to_dict()  # type: ignore[no-untyped-call]
    packages = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    wrong = []
    try:
        _Header.model_validate(fields)
    except ValidationError as error:
        wrong += [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
    if f"gradio=={fields.get('sdk_version')}" not in packages:
        wrong.append("sdk_version: is not that of requirements.txt")
    if not (folder / str(fields.get("app_file", "-"))).is_file():
        wrong.append("app_file: is not there")
    if wrong:
        raise FileFormatError("README.md", None, f"in its header {'; '.join(wrong)}.")
