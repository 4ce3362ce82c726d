"""A prepared folder: what is in it, what its manifest says, and where it is found.

One set of files, made by ``ner.preparing``; recipes that only execute it differently share it::

    <NER_HOME>/prepared/<name>-<recipe>-<key>/
        manifest.json
        openvino_model.xml, openvino_model.bin, config.json, tokenizer.json, …
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from pydantic import TypeAdapter

from ner.entities import Tagged
from ner.errors import ModelRefused, PrepareFailed
from ner.io import atomically, read_json
from ner.machine import package_versions
from ner.models.calibration import Texts, project_texts
from ner.models.catalogue import HUB, ModelSpec, assets, catalogue
from ner.models.checkpoint import parts, vet
from ner.models.recipes import ORIGINAL, Step, Variant, default_sides
from ner.stats import Estimate
from ner.tagging.segments import Reading
from ner.tags import read_tags
from ner.verdict import MIN_AGREEMENT, Answer, fewest, more_needed, settle

MANIFEST = "manifest.json"
_LABELS = "labels.json"
_TEXTS = "texts.json"
# The manifest's key for the SHA-256 of all its other keys, as they are written.
_CHECKSUM = "manifest_sha256"
# Raised whenever the meaning of a prepared folder changes, so that old ones are made anew.
FORMAT = 6
# The packages whose versions decide what conversion makes of a checkpoint.
_CONVERTERS = ("torch", "transformers", "optimum-intel", "openvino", "nncf")


@dataclass(frozen=True)
class Build:
    """What a prepared folder was, or would be, made of; equal builds give equal folders.

    ``texts_sha256`` is of calibration and gate texts; None for the original, which needs none.
    ``labels`` are the names that tags of the checkpoint are given in place of their own.
    """

    format: int
    source: str
    steps: tuple[Step, ...]
    texts_sha256: str | None
    versions: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A short name for the build, to tell folders apart."""
        return _digest(json.dumps(as_json(self), sort_keys=True))[:12]

    def serves(self, wanted: Build) -> bool:
        """Whether a folder of this build is one that ``wanted`` asks for.

        Converters that are not installed here are not compared: a machine that only serves takes
        the folder that was made for it.
        """
        compared = {name: self.versions.get(name, "") for name in wanted.versions}
        return replace(self, versions=compared) == wanted


@dataclass(frozen=True)
class Gate:
    """A variant's entities scored against the original's on the model's check texts.

    ``agreement`` is their F1, ``entities`` how many the original found, and ``min_agreement`` the
    least F1 that is needed. ``in_domain`` is False where the texts are general ones and the model's
    domain is not known.
    """

    agreement: Estimate
    entities: int
    min_agreement: float = MIN_AGREEMENT
    in_domain: bool = True

    @property
    def answer(self) -> Answer:
        """Whether the variant agrees well enough; only a no keeps it from being served."""
        return self._settled[0]

    @property
    def _settled(self) -> tuple[Answer, int | None]:
        needed = fewest(1 - self.min_agreement) if self.min_agreement < 1 else 1
        return settle(self.agreement, self.min_agreement, seen=self.entities, needed=needed)

    @property
    def summary(self) -> str:
        """What it came to: '97.9 % agreement (96.1–99.0) on 510 entities, 95 % needed'."""
        answer, more = self._settled
        found = "no entities were found to compare"
        if self.entities:
            agreement = f"{self.agreement.number()} % agreement ({self.agreement.range()})"
            found = f"{agreement} on {self.entities:,} entities"
        follows = {
            Answer.YES: "",
            Answer.NO: ": not passed, not served",
            Answer.UNDECIDED: f": undecided, {more_needed(more)}",
        }[answer]
        where = "" if self.in_domain else "; on general English, not this model's own texts"
        return f"{found}, {100 * self.min_agreement:g} % needed{follows}{where}"

    def refusal(self, title: str) -> str | None:
        """Why the variant called ``title`` is not served, in words; None where it may be."""
        if self.answer is not Answer.NO:
            return None
        own = " Give the model's own texts with prepare --calibration and --gate."
        return not_served(title, f"{self.summary}.{'' if self.in_domain else own}")


def not_served(title: str, why: str) -> str:
    """Tells a reader that the variant called ``title`` is withheld."""
    return f"{title} of this model is not served: {why} The original serves alone."


@dataclass(frozen=True)
class Manifest:
    """What a prepared folder says of itself.

    ``recipe`` is the name of the recipe that it was made for. ``files`` maps each file's name to
    the SHA-256 of its bytes; ``revision`` is the commit of a Hub model; ``made_from`` is the
    fingerprint of the original that a variant was made from. ``golden`` is what the variant found
    in a few gate texts where it was made, to be found again wherever it is served; ``reading`` is
    how it reads long texts. The original has no gate and no golden texts.
    """

    name: str
    recipe: str
    build: Build
    revision: str | None
    labels: tuple[str, ...]
    files: Mapping[str, str]
    made_from: str | None = None
    gate: Gate | None = None
    golden: tuple[Tagged, ...] = ()
    reading: Reading = field(default_factory=Reading)

    def dump(self) -> str:
        """As JSON text, with a checksum of itself."""
        data = as_json(self)
        return _text({**data, _CHECKSUM: _digest(_text(data))})

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """From JSON text; ``ValueError`` if it is not one of this format, unchanged."""
        found = _reader().validate_json(text)
        if found.dump() != text:
            raise ValueError("the manifest was changed")
        return found


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
    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by its name."""
        return {name: (self.folder / name).stat().st_size for name in self.manifest.files}

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
        """A short name for the bytes of its files; the same build may differ at another time."""
        return _digest(json.dumps(dict(self.manifest.files), sort_keys=True))[:12]

    @property
    def damaged(self) -> tuple[str, ...]:
        """The files that are missing or not, byte for byte, the manifest's."""
        return tuple(
            name
            for name, expected in self.manifest.files.items()
            if not ((self.folder / name).is_file() and sha256(self.folder / name) == expected)
        )


@cache
def _reader() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def as_json(value: Build | Gate | Manifest) -> dict[str, Any]:
    """As plain JSON data."""
    anything: TypeAdapter[Any] = TypeAdapter(Any)
    data: dict[str, Any] = anything.dump_python(value, mode="json")
    return data


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def home() -> Path:
    """Where prepared folders live: ``NER_HOME``, or the user's cache folder."""
    given = os.environ.get("NER_HOME")
    if given:
        return Path(given).expanduser().resolve()
    return user_cache_path("ner-compare", appauthor=False, opinion=False)


def prepared_root() -> Path:
    """The folder of all prepared folders."""
    return home() / "prepared"


def shipped_root() -> Path:
    """Prepared folders that came with the app (``ner.deploy``); only ever read."""
    return assets() / "prepared"


def own_folder(spec: ModelSpec) -> Path:
    """Where one's own texts and names of labels for ``spec`` are kept, if there are any."""
    return home() / "texts" / f"{_file_name(spec.name)}-{_digest(_source(spec))[:12]}"


def texts_for(spec: ModelSpec) -> Texts:
    """The texts that variants of ``spec`` are calibrated and checked on: one's own, else ours."""
    own = own_folder(spec) / _TEXTS
    if own.is_file():
        return TypeAdapter(Texts).validate_json(own.read_bytes())
    calibration, gate = project_texts(spec.texts, "calibration"), project_texts(spec.texts, "gate")
    return Texts(calibration, gate, in_domain=spec in catalogue())


def keep_texts(spec: ModelSpec, texts: Texts) -> None:
    """Use one's own texts for ``spec`` from now on."""
    _keep(spec, _TEXTS, asdict(texts))


def labels_for(spec: ModelSpec) -> dict[str, str]:
    """The names that people gave tags of ``spec`` in place of its own."""
    file = own_folder(spec) / _LABELS
    return read_json(file, ModelRefused) if file.is_file() else {}


def known_labels(spec: ModelSpec) -> tuple[str, ...]:
    """The labels that a model knows; none of a model of the Hub before it has been made here."""
    prepared = find_prepared(default_sides(spec)[0])
    if prepared is not None:
        return prepared.manifest.labels
    if spec.folder is None:
        return ()
    tags = read_tags(vet(spec.folder)["id2label"].values(), labels_for(spec)).values()
    return tuple(dict.fromkeys(tag.type for tag in tags if tag.type))


def keep_labels(spec: ModelSpec, names: Mapping[str, str]) -> None:
    """Give tags or types of ``spec`` these names from now on; ``ModelRefused`` if it lacks one."""
    if spec.folder is not None:
        read = read_tags(vet(spec.folder)["id2label"].values())
        known = {*read, *(tag.type for tag in read.values() if tag.type)}
        if unknown := ", ".join(name for name in names if name not in known):
            raise ModelRefused(f"The model has no label {unknown}; it has {', '.join(known)}.")
    _keep(spec, _LABELS, names)


def _keep(spec: ModelSpec, name: str, data: Mapping[str, Any]) -> None:
    """Write one's own settings of a model; ``PrepareFailed`` where that can't be done."""
    try:
        with atomically(own_folder(spec) / name) as fresh:
            fresh.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise PrepareFailed(f"{name} can't be kept: {error.strerror}.") from error


def build_for(variant: Variant) -> Build:
    """How ``variant`` would be prepared here and now."""
    steps = variant.recipe.steps
    return Build(
        format=FORMAT,
        source=_source(variant.spec),
        steps=steps,
        texts_sha256=texts_for(variant.spec).sha256 if steps else None,
        versions=package_versions(_CONVERTERS),
        labels=labels_for(variant.spec),
    )


def _source(spec: ModelSpec) -> str:
    """What a checkpoint is known by: the Hub's name for it, or the SHA-256 of its files."""
    if spec.folder is None:
        return f"hub:{spec.repo_id}@{spec.revision or 'first-seen'}"
    found = spec.folder.iterdir() if spec.folder.is_dir() else ()
    names = parts([file.name for file in found])
    if not names:
        raise ModelRefused(f"The checkpoint of {spec.name!r} is missing from its folder.")
    lines = []
    for file in (spec.folder / name for name in names):
        state = file.stat()
        lines.append(f"{file.name}:{_sha256_then(file, state.st_size, state.st_mtime_ns)}\n")
    return f"sha256:{_digest(''.join(lines))}"


@cache
def _sha256_then(file: Path, _size: int, _modified: int) -> str:
    """Computed once for as long as a file is the same: each look for a variant asks for it."""
    return sha256(file)


def prepared_folder(variant: Variant) -> Path:
    """Where ``variant`` is put when it is made."""
    return prepared_root() / f"{_begin_of_name(variant)}-{build_for(variant).key}"


def _begin_of_name(variant: Variant) -> str:
    recipe = variant.recipe.name if variant.recipe.steps else ORIGINAL
    return f"{_file_name(variant.spec.name)}-{recipe}"


def _file_name(name: str) -> str:
    """``hub:owner/name`` has characters that file names must not have."""
    return re.sub(r"[:/]", "-", name)


def fetched() -> dict[str, list[Prepared]]:
    """The prepared folders of each Hub model outside the catalogue; the last used model first."""
    # Not those that are being made, whose names begin with a dot.
    made = filter(None, map(read_prepared, prepared_root().glob("[!.]*")))
    found: dict[str, list[Prepared]] = {}
    for prepared in sorted(made, key=lambda one: one.last_used, reverse=True):
        if prepared.manifest.name.startswith(HUB):
            found.setdefault(prepared.manifest.name, []).append(prepared)
    return found


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
        if (given := read_prepared(variant.folder)) is not None:
            yield given
        return
    wanted = build_for(variant)
    base = find_prepared(variant.base) if variant.recipe.steps else None
    for root in (shipped_root(), prepared_root()):
        for folder in sorted(root.glob(f"{_begin_of_name(variant)}-*")):
            prepared = read_prepared(folder)
            if prepared is None or not prepared.manifest.build.serves(wanted):
                continue
            # A model of the Hub may have been fetched again since, at another commit.
            if base is None or prepared.manifest.made_from == base.fingerprint:
                yield prepared


def read_prepared(folder: Path) -> Prepared | None:
    """The prepared folder at ``folder``; None if there is none, or none that can be read."""
    try:
        manifest = Manifest.parse((folder / MANIFEST).read_bytes().decode())
    except (OSError, ValueError):
        return None
    return Prepared(folder, manifest)
