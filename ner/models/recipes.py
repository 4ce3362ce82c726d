"""How a variant is made: what decides the bytes of a prepared folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from ner.errors import ModelRefused
from ner.machine import package_versions
from ner.models.catalogue import ModelSpec, calibration_file, gate_file

# Raised whenever the meaning of a prepared folder changes, so that old ones are made anew.
FORMAT = 3


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


class Variant(StrEnum):
    """One of the two pipelines of a model."""

    ORIGINAL = "original"
    INT8 = "int8"


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


def recipe_of(spec: ModelSpec) -> Recipe:
    """The recipe by which ``spec`` would be prepared here and now."""
    return Recipe(
        format=FORMAT,
        source=_source(spec),
        quantization=Quantization(),
        texts_sha256=_digest([calibration_file(spec), gate_file(spec)]),
        versions=package_versions(_CONVERTERS),
    )


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
