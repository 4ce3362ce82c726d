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

from httpx import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from ner.errors import ModelRefused, PrepareFailed
from ner.models import ModelSpec

# The only files that are ever fetched; a repository's own OpenVINO IR is not among them.
_WANTED = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "sentencepiece.bpe.model",
)
_MAX_BYTES = 2_000_000_000
# Original, INT8 and the files on the way need about this many times the checkpoint.
_DISK_FACTOR = 3
_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Checkpoint:
    """A vetted checkpoint folder. ``revision`` is the commit it came from, for one of the Hub."""

    folder: Path
    config: Mapping[str, Any]
    revision: str | None


def obtain(spec: ModelSpec, downloads: Path) -> Checkpoint:
    """The checkpoint of ``spec``, fetched into ``downloads`` if it comes from the Hub.

    Raises ``ModelRefused`` if it is unsafe, unsuitable or too large, ``PrepareFailed`` if the Hub
    can't be reached.
    """
    if spec.folder is not None:
        _check_disk(_size(spec.folder), downloads)
        return Checkpoint(spec.folder, vet(spec.folder), None)
    assert spec.repo_id is not None  # noqa: S101 - ModelSpec guarantees one of the two
    folder, revision = _download(spec.repo_id, spec.revision, downloads)
    return Checkpoint(folder, vet(folder), revision)


def vet(folder: Path) -> dict[str, Any]:
    """The configuration of a checkpoint that is safe to load and tags tokens.

    Raises ``ModelRefused`` with what is missing or wrong.
    """
    if not (folder / "model.safetensors").is_file():
        raise ModelRefused(
            "The checkpoint has no model.safetensors. Other weight formats can run code when they "
            "are read, so they are not; convert it with save_pretrained(safe_serialization=True)."
        )
    config = _read_config(folder / "config.json")
    own_code = [key for key in config if key == "auto_map" or key.endswith("_internal")]
    if own_code:
        raise ModelRefused(
            f"The checkpoint's config.json asks for code of its own ({', '.join(own_code)[:80]}). "
            "Only models that transformers knows by itself are loaded."
        )
    architectures = config.get("architectures") or []
    if config.get("model_type") != "bilstm" and not any(
        str(name).endswith("ForTokenClassification") for name in architectures
    ):
        named = ", ".join(map(str, architectures))[:80] or "none named"
        raise ModelRefused(
            f"The checkpoint is not a token classifier (architecture: {named}). "
            "Expected one that ends in ForTokenClassification."
        )
    if not isinstance(config.get("id2label"), dict) or not config["id2label"]:
        raise ModelRefused("The checkpoint's config.json names no labels (id2label).")
    return config


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelRefused("The checkpoint has no config.json that can be read.") from error
    if not isinstance(config, dict):
        raise ModelRefused("The checkpoint's config.json is not a JSON object.")
    return config


def _download(repo_id: str, revision: str | None, downloads: Path) -> tuple[Path, str]:
    """Fetch the wanted files of one commit; the owner's token is never sent."""
    api = HfApi(token=False)
    try:
        info = api.model_info(
            repo_id, revision=revision, files_metadata=True, timeout=_TIMEOUT_SECONDS
        )
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
        wanted = [name for name in _WANTED if name in sizes]
        if "model.safetensors" not in wanted:
            raise ModelRefused(
                f"{repo_id} offers no model.safetensors. Other weight formats can run code when "
                "they are read, so they are not fetched."
            )
        _check_disk(sum(sizes[name] for name in wanted), downloads)
        commit = info.sha or revision or "unknown"
        folder = downloads / f"{repo_id.replace('/', '--')}@{commit}"
        for name in wanted:
            api.hf_hub_download(repo_id, name, revision=commit, local_dir=folder, token=False)
    except (HfHubHTTPError, HTTPError, OfflineModeIsEnabled, HFValidationError, OSError) as error:
        raise PrepareFailed(
            f"{repo_id} is not available from the Hub: it is private, gated or gone, or the Hub "
            "can't be reached from here. The bundled model works without it."
        ) from error
    return folder, commit


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
