"""A checkpoint on disk that is safe to load: a folder, or a download from the Hub, both vetted.

Nothing here runs code of the checkpoint: weights come from safetensors only, and a configuration
that asks for code of its own is refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.preparing.hub import Hub

_WEIGHTS = "model.safetensors"
# Any of them makes a tokenizer.
_VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spm.model",
    "sentencepiece.bpe.model",
)
# The only files that are ever fetched; a repository's own OpenVINO IR is not among them. Weights
# come last, so that a configuration that is refused costs no more than itself.
_WANTED = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "merges.txt",
    *_VOCABULARIES,
    _WEIGHTS,
)
_MAX_BYTES = 2_000_000_000
# Of every file but the weights.
_MAX_FILE_BYTES = 50_000_000
# Original, INT8 and the files on the way need about this many times the checkpoint.
_DISK_FACTOR = 3
_MAX_LABELS = 1000
_MAX_LABEL_LENGTH = 100
# Of any kind; the largest token classifiers have about 50.
_MAX_LAYERS = 200
_LEAST_POSITIONS = 16


@dataclass(frozen=True)
class Checkpoint:
    """A vetted checkpoint folder. ``revision`` is the commit it came from, for one of the Hub."""

    folder: Path
    config: Mapping[str, Any]
    revision: str | None


def obtain(spec: ModelSpec, downloads: Path, hub: Hub | None = None) -> Checkpoint:
    """The checkpoint of ``spec``, fetched into ``downloads`` if it comes from the Hub.

    Raises ``ModelRefused`` if it is unsafe, unsuitable, too large or not there, ``PrepareFailed``
    if the Hub can't be reached or the disk is too full.
    """
    if spec.folder is not None:
        config = vet(spec.folder)
        _check_disk(_size(spec.folder), downloads)
        return Checkpoint(spec.folder, config, None)
    assert spec.repo_id is not None  # noqa: S101 - ModelSpec guarantees one of the two
    revision = _download(hub or Hub(), spec.repo_id, spec.revision, downloads)
    return Checkpoint(downloads, vet(downloads), revision)


def vet(folder: Path) -> dict[str, Any]:
    """The configuration of a checkpoint that is safe to load and tags tokens.

    Raises ``ModelRefused`` with what is missing or wrong.
    """
    if not (folder / _WEIGHTS).is_file():
        raise ModelRefused(f"The checkpoint has no {_WEIGHTS}. {_ONLY_SAFETENSORS}")
    return _vet_settings(folder)


_ONLY_SAFETENSORS = (
    "Other weight formats can run code when they are read, so they are not; convert it with "
    "save_pretrained(safe_serialization=True)."
)


def _vet_settings(folder: Path) -> dict[str, Any]:
    """Refuse what config.json and tokenizer_config.json ask for and must not have."""
    config = _read_json(folder / "config.json")
    _refuse_own_code("config.json", config)
    if (folder / "tokenizer_config.json").is_file():
        tokenizer = _read_json(folder / "tokenizer_config.json")
        _refuse_own_code("tokenizer_config.json", tokenizer)
    architectures = config.get("architectures")
    named = architectures if isinstance(architectures, list) else []
    if config.get("model_type") != "bilstm" and not any(
        str(name).endswith("ForTokenClassification") for name in named
    ):
        raise ModelRefused(
            "The checkpoint is not a token classifier (architecture: "
            f"{', '.join(map(str, named))[:80] or 'none named'}). "
            "Expected one that ends in ForTokenClassification."
        )
    _refuse_labels(config.get("id2label"))
    _refuse_sizes(config)
    return config


def _refuse_labels(labels: object) -> None:
    if not isinstance(labels, dict) or not labels:
        raise ModelRefused("The checkpoint's config.json names no labels (id2label).")
    if len(labels) > _MAX_LABELS or any(
        not isinstance(label, str) or len(label) > _MAX_LABEL_LENGTH for label in labels.values()
    ):
        raise ModelRefused(
            f"The checkpoint's labels (id2label) are not at most {_MAX_LABELS:,} names of at most "
            f"{_MAX_LABEL_LENGTH} characters."
        )


def _refuse_sizes(config: Mapping[str, Any]) -> None:
    """Layers are made one by one before anything else can be checked."""
    for key, value in config.items():
        if "layers" in key and isinstance(value, int) and value > _MAX_LAYERS:
            raise ModelRefused(
                f"The checkpoint's config.json has {value:,} for {key}; at most {_MAX_LAYERS} are "
                "taken."
            )
    positions = config.get("max_position_embeddings")
    if positions is not None and not (isinstance(positions, int) and positions >= _LEAST_POSITIONS):
        raise ModelRefused(
            "The checkpoint's config.json has no usable max_position_embeddings: expected a number "
            f"of tokens, at least {_LEAST_POSITIONS}."
        )


def _refuse_own_code(file: str, settings: object) -> None:
    """Look at all depths: a part of a model may have a configuration of its own."""
    own_code = sorted(_own_code(settings))
    if own_code:
        raise ModelRefused(
            f"The checkpoint's {file} asks for code of its own ({', '.join(own_code)[:80]}). "
            "Only models that transformers knows by itself are loaded."
        )


def _own_code(settings: object) -> set[str]:
    if isinstance(settings, list):
        return {key for part in settings for key in _own_code(part)}
    if not isinstance(settings, dict):
        return set()
    here = {key for key in settings if key == "auto_map" or key.endswith("_internal")}
    return here.union(*(_own_code(part) for part in settings.values()))


def _read_json(file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelRefused(f"The checkpoint has no {file.name} that can be read.") from error
    if not isinstance(settings, dict):
        raise ModelRefused(f"The checkpoint's {file.name} is not a JSON object.")
    return settings


def _download(hub: Hub, repo_id: str, revision: str | None, folder: Path) -> str:
    """Fetch the wanted files of one commit, which is given back."""
    listing = hub.listing(repo_id, revision)
    wanted = [name for name in _WANTED if name in listing.sizes]
    if _WEIGHTS not in wanted:
        raise ModelRefused(f"{repo_id} offers no {_WEIGHTS}. {_ONLY_SAFETENSORS}")
    if not set(wanted).intersection(_VOCABULARIES):
        raise ModelRefused(
            f"{repo_id} offers no tokenizer. Expected one of {', '.join(_VOCABULARIES)}."
        )
    sizes = [listing.sizes[name] for name in wanted]
    if max(sizes[:-1]) > _MAX_FILE_BYTES:
        raise ModelRefused(
            f"{repo_id} has a file of {max(sizes[:-1]) / 1e6:.0f} MB beside its weights; at most "
            f"{_MAX_FILE_BYTES / 1e6:.0f} MB are taken."
        )
    _check_disk(sum(sizes), folder)
    for name in wanted:
        if name == _WEIGHTS:
            _vet_settings(folder)
        hub.fetch(listing, name, folder)
    return listing.commit


def _check_disk(size: int, folder: Path) -> None:
    if size > _MAX_BYTES:
        raise ModelRefused(
            f"The checkpoint has {size / 1e9:.1f} GB; at most {_MAX_BYTES / 1e9:.0f} GB are taken."
        )
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _DISK_FACTOR * size:
        raise PrepareFailed(
            f"Preparing needs {_DISK_FACTOR * size / 1e6:.0f} MB of free disk, and "
            f"{free / 1e6:.0f} MB are left. Free some, or set NER_HOME to a folder on another disk."
        )


def _size(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in _WANTED if (folder / name).is_file())
