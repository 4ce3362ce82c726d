"""A checkpoint folder that appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from transformers import PreTrainedTokenizerBase

from ner.errors import Failure, InputError
from ner.train.card import card
from ner.train.curve import learning_curve


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what a full or read-only disk raises while writing to ``folder`` into ``Failure``."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch.save reports a failed write as a RuntimeError of its archive writer.
        if isinstance(error, RuntimeError) and "PytorchStreamWriter" not in str(error):
            raise
        raise Failure(
            f"Could not write to {folder}: {error}. Nothing half written was published; make room "
            "and run the same command again, which goes on from its last checkpoint."
        ) from error


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a folder beside ``folder``, then put it in the place of ``folder``."""
    fresh = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    with disk_errors(folder):
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            write(fresh)
            if folder.exists():
                folder.rename(old)
            fresh.rename(folder)
        finally:
            for leftover in (fresh, old):
                shutil.rmtree(leftover, ignore_errors=True)


def write_record(
    folder: Path,
    name: str,
    metrics: Mapping[str, object],
    history: Sequence[Mapping[str, float]],
) -> None:
    """Put metrics.json, the card of a model called ``name``, and the learning curve beside it."""
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    (folder / "README.md").write_text(card(metrics, name), "utf-8")
    (folder / "learning_curve.svg").write_text(learning_curve(history), "utf-8")


def check_replaceable(folder: Path) -> None:
    """``InputError`` if ``folder`` holds something else than a checkpoint."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").is_file():
        raise InputError(
            f"{folder} exists and holds no checkpoint; it would be replaced. Name another --out."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; --out names the checkpoint's folder.")


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Tokenizer files under a class name that older releases of transformers know as well."""
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text("utf-8"))
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    for trace in ("name_or_path", "backend", "is_local", "local_files_only"):
        config.pop(trace, None)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
