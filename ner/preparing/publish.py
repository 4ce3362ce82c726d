"""Putting a made folder in its place, whole or not at all, and keeping few of them.

One process makes a folder; others wait for its lock. It is made beside its place and renamed:
whoever looks finds all of it or nothing, also after a kill.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from ner.errors import PrepareFailed
from ner.io import atomically
from ner.models.folder import fetched, sha256

_log = logging.getLogger(__name__)

# A leftover of a killed run is removed once it is older than any run takes.
_STALE_SECONDS = 6 * 3600
# How many bytes of models of the Hub that are not in the catalogue are kept.
_MAX_FETCHED = 5_000_000_000


def lock(target: Path) -> FileLock:
    """The lock of whoever makes ``target``; entering it waits for the others."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrepareFailed(
            f"The folder of prepared models can't be made: {error.strerror}. Set NER_HOME to a "
            "folder that can be written to."
        ) from error
    return FileLock(target.parent / f".{target.name}.lock")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A folder that takes the place of ``target``, also of a damaged one, once it is whole.

    What a killed run left of it is removed, since the lock is held here; what runs of other models
    left, after a time in which any run ends.
    """
    for folder in target.parent.glob(".*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    try:
        with atomically(target) as folder:
            yield folder
    except OSError as error:
        raise PrepareFailed(
            f"Preparing failed while writing: {error.strerror or error}."
        ) from error


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file below ``folder``, by its path relative to it."""
    return {
        file.relative_to(folder).as_posix(): sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def keep_few(newest: Path) -> None:
    """Remove the models of the Hub that were not used for longest, until the rest is few enough."""
    total = 0
    for name, made in fetched().items():
        folders = [prepared.folder for prepared in made]
        total += sum(file.stat().st_size for folder in folders for file in folder.glob("*.bin"))
        if newest not in folders and total > _MAX_FETCHED:
            _log.info("%s was not used for long and is removed", name)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
