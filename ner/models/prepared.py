"""What a prepared folder looks like on disk, and finding it.

A *prepared folder* holds one set of files, made by ``ner.preparing``; recipes that only execute it
differently share it::

    <NER_HOME>/prepared/<name>-<recipe>-<key>/
        manifest.json
        openvino_model.xml, openvino_model.bin, config.json, tokenizer.json, …
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ner.errors import ModelRefused
from ner.models.build import Build, build_of, sha256
from ner.models.catalogue import HUB, ModelSpec, assets, catalogue
from ner.models.manifest import Manifest
from ner.models.recipes import ORIGINAL, RECOMMENDED, find_recipe
from ner.models.texts import Texts, texts_of
from ner.models.variants import Variant, find_variant

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Prepared:
    """A prepared folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def size(self) -> int:
        """Bytes of the model itself: xml and bin."""
        return sum((self.folder / f"openvino_model.{end}").stat().st_size for end in ("xml", "bin"))

    @property
    def last_used(self) -> float:
        """When it was made or last opened, in seconds since 1970."""
        try:
            return (self.folder / MANIFEST).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def mark_used(self) -> None:
        """Note that it was opened now, where it can be written to."""
        with suppress(OSError):
            os.utime(self.folder / MANIFEST)

    @property
    def fingerprint(self) -> str:
        """A short name for the bytes of its files."""
        return self.manifest.fingerprint

    @property
    def damaged(self) -> tuple[str, ...]:
        """The files that are missing or not, byte for byte, the manifest's."""
        return tuple(
            name
            for name, expected in self.manifest.files.items()
            if not ((self.folder / name).is_file() and sha256(self.folder / name) == expected)
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


def texts_folder(spec: ModelSpec) -> Path:
    """Where one's own calibration and gate texts for ``spec`` are kept, if there are any."""
    source = build_of(spec, (), "").source
    key = hashlib.sha256(source.encode()).hexdigest()[:12]
    return home() / "texts" / f"{_file_name(spec.name)}-{key}"


def texts_for(spec: ModelSpec) -> Texts:
    """The texts that variants of ``spec`` are calibrated and checked on."""
    return texts_of(spec, texts_folder(spec))


def build_for(variant: Variant) -> Build:
    """How ``variant`` would be prepared here and now."""
    texts = texts_for(variant.spec).sha256 if variant.recipe.steps else ""
    return build_of(variant.spec, variant.recipe.steps, texts)


def prepared_folder(variant: Variant) -> Path:
    """Where ``variant`` is put when it is made."""
    return prepared_root() / _folder_name(variant, build_for(variant))


def _folder_name(variant: Variant, build: Build) -> str:
    recipe = variant.recipe.name if variant.recipe.steps else ORIGINAL
    return f"{_file_name(variant.spec.name)}-{recipe}-{build.key}"


def _file_name(name: str) -> str:
    """``hub:owner/name`` has characters that file names must not have."""
    return re.sub(r"[:/]", "-", name)


def fetched() -> tuple[Prepared, ...]:
    """The originals of the Hub's models, but for those of the catalogue; the last used first."""
    found = [read_prepared(file.parent) for file in prepared_root().glob(f"*/{MANIFEST}")]
    of_visitors = [
        prepared
        for prepared in found
        if prepared and prepared.manifest.name.startswith(HUB) and not prepared.manifest.build.steps
    ]
    return tuple(sorted(of_visitors, key=lambda prepared: prepared.last_used, reverse=True))


def folders_of(name: str) -> tuple[Prepared, ...]:
    """All prepared folders made here of the model called ``name``."""
    found = (read_prepared(file.parent) for file in prepared_root().glob(f"*/{MANIFEST}"))
    return tuple(prepared for prepared in found if prepared and prepared.manifest.name == name)


def find_prepared(variant: Variant) -> Prepared | None:
    """The prepared folder that fits ``variant``, or None; its files are not verified here."""
    return next(_fitting(variant), None)


def find_sound(variant: Variant) -> Prepared | None:
    """The prepared folder that fits ``variant`` and has every byte of its files, or None.

    One that was shipped and is damaged gives way to one that was made here in its place.
    """
    return next((prepared for prepared in _fitting(variant) if not prepared.damaged), None)


def _fitting(variant: Variant) -> Iterator[Prepared]:
    if variant.folder is not None:
        given = read_prepared(variant.folder)
        yield from [given] if given is not None else []
        return
    wanted = build_for(variant)
    base = find_prepared(variant.base) if variant.recipe.steps else None
    for root in (shipped_root(), prepared_root()):
        exact = root / _folder_name(variant, wanted)
        others = sorted(set(root.glob(f"{_file_name(variant.spec.name)}-*")) - {exact})
        for folder in [exact, *others]:
            prepared = read_prepared(folder)
            if prepared is not None and wanted.fits(prepared.manifest.build):
                made_from = prepared.manifest.made_from
                # One of the Hub may have been fetched again since, at another commit.
                if base is None or made_from == base.fingerprint:
                    yield prepared


def read_prepared(folder: Path) -> Prepared | None:
    """The prepared folder at ``folder``; None if there is none, or none that can be read."""
    try:
        manifest = Manifest.parse((folder / MANIFEST).read_bytes().decode())
    except (OSError, ValueError):
        return None
    return Prepared(folder, manifest)


def find_offered(text: str, *, recipe: str = RECOMMENDED) -> Variant:
    """The variant written ``text``, as a visitor may name it: its model is never a path.

    ``recipe`` is the one where ``text`` names none. One of the Hub must be allowed here and have
    been fetched. Raises ``ModelRefused`` otherwise.
    """
    variant = find_variant(text, recipe=recipe, local=False)
    if variant.spec.name.startswith(HUB) and find_prepared(variant.base) is None:
        raise ModelRefused(f"{variant.spec.repo_id} has not been fetched. Do so on the tab Model.")
    return variant


def find_local(text: str, *, model: str | None = None, recipe: str = RECOMMENDED) -> Variant:
    """The variant written ``text``, as :func:`find_variant`; or a prepared folder by its path.

    Such a folder is taken as it stands, yesterday's beside today's; ``#bf16`` behind it executes
    it differently. Raises ``ModelRefused``.
    """
    named, _, chosen = text.partition("#")
    if not named or not (Path(named) / MANIFEST).is_file():
        return find_variant(text, model=model, recipe=recipe)
    folder = Path(named).resolve()
    prepared = read_prepared(folder)
    if prepared is None:
        raise ModelRefused(
            f"{folder.name} holds a manifest of another version, or one that was changed. Prepare "
            "the model anew."
        )
    manifest = prepared.manifest
    known = next((spec for spec in catalogue() if spec.name == manifest.name), None)
    spec = ModelSpec(
        name=manifest.name,
        title=f"{known.title if known else manifest.name}, build {prepared.fingerprint}",
        summary="A prepared folder.",
        folder=folder,
        label_names=known.label_names if known else {},
    )
    return Variant(spec, find_recipe(chosen or manifest.recipe), folder)
