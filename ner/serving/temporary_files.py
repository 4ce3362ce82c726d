"""Files that uploads leave behind: Gradio deletes those that it knows of, these it does not."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

_LOG = logging.getLogger(__name__)


def keep_clean(folder: Path, *, every: float, age: float) -> threading.Event:
    """Sweep ``folder`` every so many seconds, in a thread, until the event that is given is set."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(every):
            try:
                sweep(folder, age=age)
            except OSError as error:
                _LOG.warning("Files that uploads left could not be deleted: %s", error.strerror)

    threading.Thread(target=work, name="leftovers", daemon=True).start()
    return done


def sweep(folder: Path, *, age: float) -> None:
    """Delete what is older than ``age`` seconds and in no use.

    That is the file of an upload that broke off or had no proper name, for which Gradio has
    forgotten its ``tmp…`` file, and the empty folders of files that were deleted. Other apps share
    the folder by default, and lose nothing by it.
    """
    oldest = time.time() - age
    for path in folder.glob("*"):
        # Somebody else may delete it, or use it, at the same moment.
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir() and not path.is_symlink():
                # One that is not empty stays.
                with suppress(OSError):
                    path.rmdir()
            elif path.name.startswith("tmp"):
                path.unlink()
