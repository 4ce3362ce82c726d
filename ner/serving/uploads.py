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

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.bounds import Bounds
from ner.serving.responses import Refusal

_LOG = logging.getLogger(__name__)


@dataclass
class Kept:
    """Bytes on disk since a moment."""

    moment: float
    size: int


@dataclass
class Quota:
    """Bytes of uploads and results within the time that a file is kept.

    At most ``bounds.upload_bytes``; how often one visitor may upload is bounded by the rate. Small
    files count as ``LEAST`` bytes, which bounds how many are remembered, and are stored.
    """

    LEAST: ClassVar = 10_000

    bounds: Bounds
    clock: Callable[[], float] = time.monotonic
    _kept: deque[Kept] = field(default_factory=deque, init=False)

    @property
    def used(self) -> int:
        """Bytes of all files that are kept."""
        while self._kept and self._kept[0].moment + self.bounds.longest_kept <= self.clock():
            self._kept.popleft()
        return sum(max(kept.size, self.LEAST) for kept in self._kept)

    def wait(self, size: int) -> float:
        """0 if there is room for ``size`` more bytes, else seconds until some come free."""
        now = self.clock()
        if self.used + max(size, self.LEAST) <= self.bounds.upload_bytes:
            return 0.0
        oldest = self._kept[0].moment if self._kept else now
        return max(1.0, oldest + self.bounds.longest_kept - now)

    def add(self, size: int) -> Kept:
        """Count ``size`` bytes, over the limit or not; the size may be corrected later."""
        kept = Kept(self.clock(), size)
        self._kept.append(kept)
        return kept

    def room_again(self, wait: float) -> str:
        """The end of a sentence about files that there is room for only in ``wait`` seconds."""
        hours = math.ceil(self.bounds.longest_kept / 3600)
        return f"are deleted within {hours} hours; there is room again in {wait / 60:.0f} min."


@dataclass(frozen=True)
class UploadQuota:
    """ASGI middleware: an upload for which there is no room gets 429.

    It must state its length, as browsers do: without one it gets 411. The stated length is counted
    at first, and what came of it in the end.
    """

    app: ASGIApp
    quota: Quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if not is_upload(scope):
            await self.app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        if not (stated.isascii() and stated.isdigit()):
            refusal = Refusal(411, "upload", "An upload must state its length.")
            await refusal(scope, receive, send)
            return
        wait = self.quota.wait(int(stated))
        if wait:
            sentence = f"Too much has been uploaded. Uploads {self.quota.room_again(wait)}"
            await Refusal(429, "upload", sentence, wait)(scope, receive, send)
            return
        kept, received, refused = self.quota.add(int(stated)), 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def watched(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = message["status"] >= 400
            await send(message)

        try:
            await self.app(scope, counted, watched)
        finally:
            kept.size = 0 if refused else received


def is_upload(scope: Scope) -> bool:
    """Whether a request brings files."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return path.rstrip("/") == "/gradio_api/upload"


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
