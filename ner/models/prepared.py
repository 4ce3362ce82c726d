"""What a prepared folder looks like on disk, and finding it.

A *prepared folder* holds both variants of one checkpoint, made by ``ner.preparing``::

    <NER_HOME>/prepared/<name>-<key>/
        manifest.json
        original/  openvino_model.xml, openvino_model.bin, config.json, tokenizer.json, …
        int8/      the same
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ner.entities import Entity, Tagged
from ner.errors import ModelRefused
from ner.models.catalogue import HUB, ModelSpec, assets, find
from ner.models.recipes import Quantization, Recipe, Variant, recipe_of, sha256
from ner.tagging.segments import Reading

# The manifest's key for the SHA-256 of all its other keys, as they are written.
_CHECKSUM = "manifest_sha256"


@dataclass(frozen=True)
class Gate:
    """INT8's entities scored against the original's on the model's gate texts.

    ``entities`` is how many the original found; under ``ENOUGH`` of them nothing is decided.
    """

    f1: float
    entities: int

    ENOUGH = 200
    FLOOR = 0.95

    @property
    def established(self) -> bool:
        """Whether there were entities enough to decide."""
        return self.entities >= self.ENOUGH

    @property
    def passed(self) -> bool:
        """Whether INT8 may be served: not established, or at or over the floor."""
        return not self.established or self.f1 >= self.FLOOR

    @property
    def summary(self) -> str:
        """How it went, in words: '97.9 % agreement on 510 entities (95 % needed)'."""
        score = f"{100 * self.f1:.1f} % agreement on {self.entities:,} entities"
        if not self.established:
            return f"{score}: not established, under {self.ENOUGH} entities"
        needed = f"{score} ({100 * self.FLOOR:.0f} % needed)"
        return needed if self.passed else f"{needed}: not passed, INT8 is not served"

    @property
    def refusal(self) -> str | None:
        """Why INT8 is not served, in words; None where it may be."""
        if self.passed:
            return None
        return (
            f"INT8 of this model is not served: on the gate texts its entities score F1 "
            f"{self.f1:.3f} against the original's ({self.entities} entities), and {self.FLOOR} is "
            "required. The original serves alone."
        )


@dataclass(frozen=True)
class Manifest:
    """What a prepared folder says of itself.

    ``files`` maps each file's path relative to the folder to the SHA-256 of its bytes;
    ``revision`` is the commit of a Hub model; ``golden`` is what INT8 found in a few gate texts
    where it was made, to be found again wherever it is served; ``reading`` is how it reads long
    texts.
    """

    name: str
    recipe: Recipe
    revision: str | None
    labels: tuple[str, ...]
    gate: Gate
    files: Mapping[str, str]
    golden: tuple[Tagged, ...] = ()
    reading: Reading = field(default_factory=Reading)

    def dump(self) -> str:
        """As JSON text, with a checksum of itself."""
        return _json({**asdict(self), _CHECKSUM: _checksum(asdict(self))})

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """From JSON text; ``ValueError`` if it is not one of this format, unchanged."""
        try:
            data: dict[str, Any] = json.loads(text)
            made_by = data["recipe"]
            found = cls(
                name=data["name"],
                recipe=Recipe(
                    **{**made_by, "quantization": Quantization(**made_by["quantization"])}
                ),
                revision=data["revision"],
                labels=tuple(data["labels"]),
                gate=Gate(**data["gate"]),
                files=data["files"],
                golden=tuple(
                    Tagged(tagged["text"], tuple(Entity(**entity) for entity in tagged["entities"]))
                    for tagged in data["golden"]
                ),
                reading=Reading(**data["reading"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a manifest of this format") from error
        if found.dump() != text:
            raise ValueError("the manifest was changed")
        return found


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def _checksum(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json(data).encode()).hexdigest()


@dataclass(frozen=True)
class Prepared:
    """A prepared folder and its manifest."""

    folder: Path
    manifest: Manifest

    def variant(self, variant: Variant) -> Path:
        """The folder of one variant."""
        return self.folder / variant.value

    def size(self, variant: Variant) -> int:
        """Bytes of the model itself: xml and bin."""
        folder = self.variant(variant)
        return sum((folder / f"openvino_model.{end}").stat().st_size for end in ("xml", "bin"))

    @property
    def last_used(self) -> float:
        """When it was made or last opened, in seconds since 1970."""
        try:
            return (self.folder / "manifest.json").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def mark_used(self) -> None:
        """Note that it was opened now, where it can be written to."""
        with suppress(OSError):
            os.utime(self.folder / "manifest.json")

    @property
    def fingerprint(self) -> str:
        """A short name for what is in the folder, to tell what the same recipe made of it.

        The recipe of a model of the Hub stays the same when it is fetched again at another commit.
        """
        files = json.dumps(dict(self.manifest.files), sort_keys=True)
        return hashlib.sha256(files.encode()).hexdigest()[:12]

    def damaged(self, *variants: Variant) -> tuple[str, ...]:
        """The files of ``variants`` that are missing or not, byte for byte, the manifest's."""
        return tuple(
            name
            for name, expected in self.manifest.files.items()
            if name.partition("/")[0] in variants
            and not ((self.folder / name).is_file() and sha256(self.folder / name) == expected)
        )


def home() -> Path:
    """Where prepared folders live: ``NER_HOME``, or the user's cache folder."""
    given = os.environ.get("NER_HOME")
    if given:
        return Path(given).expanduser().resolve()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "ner-compare"


def prepared_root() -> Path:
    """The folder of all prepared folders."""
    return home() / "prepared"


def shipped_root() -> Path:
    """Prepared folders that came with the app (``ner.deploy``); only ever read."""
    return assets() / "prepared"


def prepared_folder(wanted: Recipe, name: str) -> Path:
    """Where the model called ``name`` is put when it is made by ``wanted``."""
    return prepared_root() / _folder_name(wanted, name)


def _folder_name(wanted: Recipe, name: str) -> str:
    return f"{_file_name(name)}-{wanted.key}"


def _file_name(name: str) -> str:
    """``hub:owner/name`` has characters that file names must not have."""
    return re.sub(r"[:/]", "-", name)


def fetched() -> tuple[Prepared, ...]:
    """The prepared models of the Hub, but for those of the catalogue; the last used one first."""
    found = [read_prepared(file.parent) for file in prepared_root().glob("*/manifest.json")]
    of_visitors = [
        prepared for prepared in found if prepared and prepared.manifest.name.startswith(HUB)
    ]
    return tuple(sorted(of_visitors, key=lambda prepared: prepared.last_used, reverse=True))


def find_prepared(wanted: Recipe, name: str) -> Prepared | None:
    """The prepared folder that fits ``wanted``, or None; its files are not verified here."""
    return next(_fitting(wanted, name), None)


def find_sound(wanted: Recipe, name: str, *variants: Variant) -> Prepared | None:
    """The prepared folder that fits ``wanted`` and has every byte of ``variants``, or None.

    One that was shipped and is damaged gives way to one that was made here in its place.
    """
    found = _fitting(wanted, name)
    return next((prepared for prepared in found if not prepared.damaged(*variants)), None)


def _fitting(wanted: Recipe, name: str) -> Iterator[Prepared]:
    for root in (shipped_root(), prepared_root()):
        exact = root / _folder_name(wanted, name)
        others = sorted(set(root.glob(f"{_file_name(name)}-*")) - {exact})
        for folder in [exact, *others]:
            prepared = read_prepared(folder)
            if prepared is not None and wanted.fits(prepared.manifest.recipe):
                yield prepared


def read_prepared(folder: Path) -> Prepared | None:
    """The prepared folder at ``folder``; None if there is none, or none that can be read."""
    try:
        manifest = Manifest.parse((folder / "manifest.json").read_bytes().decode())
    except (OSError, ValueError):
        return None
    return Prepared(folder, manifest)


def find_offered(name: str) -> ModelSpec:
    """The model called ``name``, as a visitor may name it: never a path.

    One of the Hub must be allowed here and have been fetched. Raises ``ModelRefused`` otherwise.
    """
    spec = find(name, local=False)
    if spec.name.startswith(HUB) and find_prepared(recipe_of(spec), spec.name) is None:
        raise ModelRefused(f"{spec.repo_id} has not been fetched. Do so on the tab Model.")
    return spec
