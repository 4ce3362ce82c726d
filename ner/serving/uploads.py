"""Files on disk: how many bytes of uploads and results are kept, and when they are deleted."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ner.serving.bounds import Bounds

_LOG = logging.getLogger(__name__)


@dataclass
class Quota:
    """Bytes of uploads and results within the time that a file is kept.

    At most ``bounds.upload_bytes``; how often one visitor may upload is bounded by the rate. Small
    files count as ``LEAST`` bytes, which bounds how many are remembered, and are stored.
    ``arriving`` are bytes that are still on their way. Any number of threads may ask and add.
    """

    LEAST: ClassVar = 10_000

    bounds: Bounds
    clock: Callable[[], float] = time.monotonic
    arriving: int = field(default=0, init=False)
    # When each was stored, and its size.
    _kept: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    @property
    def used(self) -> int:
        """Bytes of all files that are kept or arriving."""
        with self._lock:
            while self._kept and self._kept[0][0] + self.bounds.longest_kept <= self.clock():
                self._kept.popleft()
            return self.arriving + sum(size for _, size in self._kept)

    def wait(self, size: int) -> float:
        """0 if there is room for ``size`` more bytes, else seconds until some come free."""
        with self._lock:
            if self.used + max(size, self.LEAST) <= self.bounds.upload_bytes:
                return 0.0
            now = self.clock()
            oldest = self._kept[0][0] if self._kept else now
        return max(1.0, oldest + self.bounds.longest_kept - now)

    def add(self, size: int) -> None:
        """Count ``size`` bytes from now on, over the limit or not."""
        with self._lock:
            self._kept.append((self.clock(), max(size, self.LEAST)))

    def room_again(self, wait: float) -> str:
        """The end of a sentence about files that there is room for only in ``wait`` seconds."""
        hours = math.ceil(self.bounds.longest_kept / 3600)
        return f"are deleted within {hours} hours; there is room again in {wait / 60:.0f} min."


def keep_clean(folder: Path, bounds: Bounds) -> threading.Event:
    """Sweep ``folder`` again and again, in a thread, until the event that is given is set."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(bounds.sweep_seconds):
            try:
                sweep(folder, age=bounds.keep_seconds)
            except OSError as error:
                _LOG.warning("Files that uploads left could not be deleted: %s", error.strerror)

    threading.Thread(target=work, name="sweep", daemon=True).start()
    return done


def sweep(folder: Path, *, age: float) -> None:
    """Delete what is older than ``age`` seconds and not in use.

    These are ``tmp…`` files of uploads that broke off or had no proper name, which Gradio has
    forgotten, and the empty folders of files that were deleted. Other apps share the folder by
    default, and lose nothing by it.
    """
    oldest = time.time() - age
    for path in folder.glob("*"):
        # Another process may delete it, or use it, at the same moment.
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime >= oldest:
                continue
            if path.is_dir() and not path.is_symlink():
                # A folder that is not empty stays.
                with suppress(OSError):
                    path.rmdir()
            elif path.name.startswith("tmp"):
                path.unlink()
