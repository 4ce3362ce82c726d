"""Which models there are, and what a prepared folder looks like on disk.

A *prepared folder* holds both variants of one checkpoint, made by ``ner.convert``::

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ner.entities import Entity, Tagged
from ner.errors import ModelRefused
from ner.machine import package_versions

# Raised whenever the meaning of a prepared folder changes, so that old ones are made anew.
FORMAT = 2
# The packages whose versions decide what conversion makes of a checkpoint.
_CONVERTERS = ("torch", "transformers", "optimum-intel", "openvino", "nncf")
# What identifies a checkpoint: weights, labels and the tokenizer.
CHECKPOINT_FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
LABEL_NAMES: Mapping[str, str] = {
    "PER": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "miscellaneous name",
}
MEDICAL_LABEL_NAMES: Mapping[str, str] = {"Chemical": "chemical", "Disease": "disease"}
LABEL_EXAMPLES: Mapping[str, str] = {
    "PER": "Ada Lovelace, Okafor",
    "ORG": "Siemens, University of Groningen, FC Porto",
    "LOC": "Berlin, Lake Victoria, Ghana",
    "MISC": "German, World Cup, Nobel Prize",
    "Chemical": "lithium carbonate, aspirin",
    "Disease": "toxicity, asthma, breast cancer",
}


# The manifest's key for the SHA-256 of all its other keys, as they are written.
_CHECKSUM = "manifest_sha256"
# What names a model of the Hub, and the ids that can follow: owner/name, as the Hub has them.
HUB = "hub:"
_REPO_ID = re.compile(r"(?!.*(?:--|\.\.))\w[\w.-]*/\w[\w.-]*(?<![.-])", re.ASCII)
_MAX_REPO_ID = 96


class Variant(StrEnum):
    """One of the two pipelines of a model."""

    ORIGINAL = "original"
    INT8 = "int8"


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be prepared.

    Exactly one of ``folder`` (a checkpoint on disk) and ``repo_id`` (a Hub repository) is given.
    ``revision`` is a commit of that repository; without one, the commit found when the model is
    first prepared is written into the manifest and kept. ``texts`` names the set of calibration
    and gate texts under ``assets/texts/``.
    """

    name: str
    title: str
    summary: str
    folder: Path | None = None
    repo_id: str | None = None
    revision: str | None = None
    licence: str = "unknown"
    texts: str = "general"
    label_names: Mapping[str, str] = field(default_factory=lambda: LABEL_NAMES)

    def __post_init__(self) -> None:
        if (self.folder is None) == (self.repo_id is None):
            raise ValueError("a model comes either from a folder or from the Hub")


def assets() -> Path:
    """The folder of bundled files, beside the package."""
    return Path(__file__).parent.parent / "assets"


def catalogue() -> tuple[ModelSpec, ...]:
    """The models offered by name; the first is the default."""
    return (
        ModelSpec(
            name="bundled",
            title="General English (bundled)",
            summary="People, organizations, locations and other names in English text.",
            folder=assets() / "model",
            licence="Apache-2.0",
        ),
        ModelSpec(
            name="medical",
            title="Medical English (bundled)",
            summary="Chemicals and diseases in biomedical English.",
            folder=assets() / "model-medical",
            licence="Apache-2.0",
            texts="medical",
            label_names=MEDICAL_LABEL_NAMES,
        ),
        ModelSpec(
            name="elastic-distilbert",
            title="DistilBERT, CoNLL-2003 (Elastic)",
            summary="elastic/distilbert-base-cased-finetuned-conll03-english, from the Hub.",
            repo_id="elastic/distilbert-base-cased-finetuned-conll03-english",
            licence="Apache-2.0",
        ),
    )


def find(name: str, *, local: bool = True) -> ModelSpec:
    """The model called ``name``.

    One of the catalogue by name or Hub id, one of the Hub as ``hub:owner/name``, or a local
    checkpoint folder. With ``local`` false (the page, the API) a name is never used as a path, and
    one of the Hub must have been fetched and be allowed. Raises ``ModelRefused`` for anything else.
    """
    if not isinstance(name, str):
        raise ModelRefused("A model is given by its name.")
    known = catalogue()
    for spec in known:
        if name in (spec.name, spec.repo_id, f"{HUB}{spec.repo_id}"):
            return spec
    if name.startswith(HUB) and (local or hub_allowed()):
        spec = of_hub(name.removeprefix(HUB))
        if not local and find_prepared(recipe(spec), spec.name) is None:
            raise ModelRefused(f"{spec.repo_id} has not been fetched. Do so on the tab Model.")
        return spec
    if local and Path(name).is_dir():
        return _local(Path(name))
    offered = ", ".join(spec.name for spec in known)
    hint = ", hub:owner/name or the path of a checkpoint folder" if local else ""
    raise ModelRefused(f"There is no model called {_short(name)!r}. Choose one of {offered}{hint}.")


def hub_allowed() -> bool:
    """Whether visitors of the page may have models fetched: ``NER_ALLOW_HUB=1``."""
    return os.environ.get("NER_ALLOW_HUB") == "1"


def of_hub(repo_id: str) -> ModelSpec:
    """Any model of the Hub. Raises ``ModelRefused`` for what can't be an id there."""
    if len(repo_id) > _MAX_REPO_ID or not _REPO_ID.fullmatch(repo_id) or repo_id.endswith(".git"):
        raise ModelRefused(
            f"{_short(repo_id)!r} is not the id of a model on the Hub. Expected owner/name of at "
            f"most {_MAX_REPO_ID} letters, digits, '-', '_' and '.'."
        )
    return ModelSpec(
        name=f"{HUB}{repo_id}",
        title=repo_id,
        summary="A model from the Hub.",
        repo_id=repo_id,
        label_names={},
    )


def is_local(spec: ModelSpec) -> bool:
    """Whether ``spec`` is a folder of the user's and not of the catalogue."""
    return spec.folder is not None and spec not in catalogue()


def _local(folder: Path) -> ModelSpec:
    missing = [
        file
        for file in ("config.json", "model.safetensors", "tokenizer.json")
        if not (folder / file).is_file()
    ]
    if missing:
        raise ModelRefused(
            f"The folder {folder.name!r} is not a checkpoint: it has no "
            f"{' and no '.join(missing)}. Expected what save_pretrained writes for a token "
            "classifier with a fast tokenizer."
        )
    return ModelSpec(
        name=re.sub(r"[^\w.-]+", "-", folder.resolve().name),
        title=folder.resolve().name,
        summary="A checkpoint from a local folder.",
        folder=folder.resolve(),
    )


def _short(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:100]}…"


@dataclass(frozen=True)
class Progress:
    """How far preparing has come: the stage's name, and its number (from 1) out of ``stages``."""

    stage: str
    number: int
    stages: int


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Quantization:
    """How INT8 is made from the original: NNCF post-training quantization.

    The defaults are Optimum Intel's for transformers: mixed preset, SmoothQuant at 0.95, fast bias
    correction. ``samples`` calibration texts at most are used, unpadded.
    """

    preset: str = "mixed"
    smooth_quant_alpha: float = 0.95
    fast_bias_correction: bool = True
    samples: int = 300


@dataclass(frozen=True)
class Recipe:
    """All that decides what a prepared folder contains; equal recipes give equal folders."""

    format: int
    source: str
    quantization: Quantization
    texts_sha256: str
    versions: Mapping[str, str]

    @property
    def key(self) -> str:
        """A short name for the recipe, to tell folders apart."""
        canonical = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def fits(self, other: Recipe) -> bool:
        """Whether a folder made by ``other`` may serve for this.

        Converters that are not installed here are not compared: a machine that only serves takes
        the folder that was made for it.
        """
        mine = {name: other.versions.get(name) for name in self.versions}
        return (
            (self.format, self.source, self.quantization, self.texts_sha256)
            == (other.format, other.source, other.quantization, other.texts_sha256)
        ) and dict(self.versions) == mine


def recipe(spec: ModelSpec) -> Recipe:
    """The recipe by which ``spec`` would be prepared here and now."""
    return Recipe(
        format=FORMAT,
        source=_source(spec),
        quantization=Quantization(),
        texts_sha256=_digest([calibration_file(spec), gate_file(spec)]),
        versions=package_versions(_CONVERTERS),
    )


def calibration_file(spec: ModelSpec) -> Path:
    """The texts that quantization is calibrated on, one a line."""
    return assets() / "texts" / f"{spec.texts}-calibration.txt"


def gate_file(spec: ModelSpec) -> Path:
    """The texts that INT8 is checked on, one a line; none of them is a calibration text."""
    return assets() / "texts" / f"{spec.texts}-gate.txt"


def read_texts(file: Path) -> list[str]:
    """The texts of a file under ``assets/texts``: one a line, # begins a comment line."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _source(spec: ModelSpec) -> str:
    if spec.folder is None:
        return f"hub:{spec.repo_id}@{spec.revision or 'first-seen'}"
    files = [spec.folder / name for name in CHECKPOINT_FILES if (spec.folder / name).is_file()]
    if not files:
        raise ModelRefused(f"The checkpoint of {spec.name!r} is missing from its folder.")
    return f"sha256:{_digest(files)}"


def _digest(files: list[Path]) -> str:
    """One SHA-256 over names and contents."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.name}:{sha256(file)}\n".encode())
    return total.hexdigest()


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    where it was made, to be found again wherever it is served.
    """

    name: str
    recipe: Recipe
    revision: str | None
    labels: tuple[str, ...]
    gate: Gate
    files: Mapping[str, str]
    golden: tuple[Tagged, ...] = ()

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
                    Tagged(one["text"], tuple(Entity(**entity) for entity in one["entities"]))
                    for one in data["golden"]
                ),
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
    of_visitors = [one for one in found if one and one.manifest.name.startswith(HUB)]
    return tuple(sorted(of_visitors, key=lambda one: one.last_used, reverse=True))


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
