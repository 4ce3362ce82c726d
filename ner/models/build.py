"""All that decides the bytes of a prepared folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ner.errors import ModelRefused
from ner.machine import package_versions
from ner.models.catalogue import ModelSpec
from ner.models.recipes import CompressWeights, Quantize, Step

# Raised whenever the meaning of a prepared folder changes, so that old ones are made anew.
FORMAT = 5

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

_STEPS: Mapping[str, Any] = {"quantize": Quantize, "compress-weights": CompressWeights}


@dataclass(frozen=True)
class Build:
    """What a prepared folder was, or would be, made of; equal builds give equal folders.

    ``texts_sha256`` is of calibration and gate texts; None for the original, which needs none.
    """

    format: int
    source: str
    steps: tuple[Step, ...]
    texts_sha256: str | None
    versions: Mapping[str, str]

    @property
    def key(self) -> str:
        """A short name for the build, to tell folders apart."""
        canonical = json.dumps(self.as_json(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def fits(self, other: Build) -> bool:
        """Whether a folder of the build ``other`` may serve for this.

        Converters that are not installed here are not compared: a machine that only serves takes
        the folder that was made for it.
        """
        mine = {name: other.versions.get(name) for name in self.versions}
        return (
            (self.format, self.source, self.steps, self.texts_sha256)
            == (other.format, other.source, other.steps, other.texts_sha256)
        ) and dict(self.versions) == mine

    def as_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        names = {kind: name for name, kind in _STEPS.items()}
        steps = [{"step": names[type(step)], **asdict(step)} for step in self.steps]
        return {**asdict(self), "versions": dict(self.versions), "steps": steps}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Build:
        """From what stands in a manifest; ``KeyError`` or ``TypeError`` if it is none."""
        return cls(**{**data, "steps": tuple(_step(step) for step in data["steps"])})


def _step(data: Mapping[str, Any]) -> Step:
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()
        if name != "step"
    }
    step: Step = _STEPS[data["step"]](**settings)
    return step


def build_of(spec: ModelSpec, steps: tuple[Step, ...], texts_sha256: str) -> Build:
    """How ``spec`` would be prepared by ``steps`` here and now."""
    return Build(
        format=FORMAT,
        source=_source(spec),
        steps=steps,
        texts_sha256=texts_sha256 if steps else None,
        versions=package_versions(_CONVERTERS),
    )


def _source(spec: ModelSpec) -> str:
    if spec.folder is None:
        return f"hub:{spec.repo_id}@{spec.revision or 'first-seen'}"
    files = [spec.folder / name for name in CHECKPOINT_FILES if (spec.folder / name).is_file()]
    if not files:
        raise ModelRefused(f"The checkpoint of {spec.name!r} is missing from its folder.")
    total = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest = _sha256_then(file, state.st_size, state.st_mtime_ns)
        total.update(f"{file.name}:{digest}\n".encode())
    return f"sha256:{total.hexdigest()}"


@cache
def _sha256_then(file: Path, _size: int, _modified: int) -> str:
    """Computed once for as long as a file is the same: each look for a variant asks for it."""
    return sha256(file)


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
