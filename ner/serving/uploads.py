"""Files on disk: how many bytes of uploads and results are kept, and when they are deleted."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds
from ner.serving.responses import Refusal

_LOG = logging.getLogger(__name__)
# Small uploads count as this many bytes, which bounds how many are remembered, and are stored.
_LEAST = 10_000


class Quota:
    """Bytes taken within the time that a file is kept, by client and in all.

    At most ``bounds.upload_bytes_per_client`` and ``bounds.upload_bytes``.
    """

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._taken: deque[tuple[float, str | None, int]] = deque()
        self._by_client: Counter[str | None] = Counter()

    @property
    def used(self) -> int:
        """Bytes of all clients."""
        self._forget()
        return self._by_client.total()

    def take(self, client: str | None, size: int) -> float:
        """Count ``size`` bytes; 0 if they are allowed, else the seconds until some come free.

        ``client`` is None for this machine itself, which shares in the total only.
        """
        wait = self.until_room(client, size)
        if not wait:
            self.add(client, size)
        return wait

    def until_room(self, client: str | None, size: int) -> float:
        """Seconds until some bytes come free if ``size`` more are not allowed, else 0."""
        size = max(size, _LEAST)
        most = self._bounds.upload_bytes_per_client
        over = self.used + size > self._bounds.upload_bytes
        over = over or (client is not None and self._by_client[client] + size > most)
        if not over:
            return 0.0
        oldest = next(
            (when for when, other, _ in self._taken if other == client),
            self._taken[0][0] if self._taken else self._clock(),
        )
        return max(1.0, oldest + self._bounds.longest_kept - self._clock())

    def add(self, client: str | None, size: int) -> None:
        """Count ``size`` bytes that are there already, over the limits or not."""
        size = max(size, _LEAST)
        self._taken.append((self._clock(), client, size))
        self._by_client[client] += size

    def settle(self, client: str | None, stated: int, size: int) -> None:
        """Count ``size`` bytes in the place of those that were taken last as ``stated``."""
        stated, size = max(stated, _LEAST), max(size, _LEAST)
        for index in reversed(range(len(self._taken))):
            when, other, taken = self._taken[index]
            if (other, taken) == (client, stated):
                self._taken[index] = (when, client, size)
                self._by_client[client] += size - stated
                return

    def room_again(self, wait: float) -> str:
        """The end of a sentence about files that there is room for only in ``wait`` seconds."""
        hours = math.ceil(self._bounds.longest_kept / 3600)
        return f"are deleted within {hours} hours; there is room again in {wait / 60:.0f} min."

    def _forget(self) -> None:
        while self._taken and self._taken[0][0] + self._bounds.longest_kept <= self._clock():
            _, client, size = self._taken.popleft()
            self._by_client[client] -= size
            if not self._by_client[client]:
                del self._by_client[client]


@dataclass(frozen=True)
class UploadQuota:
    """ASGI middleware: an upload over its client's quota, or over that of all, gets 429.

    It must state its length, as browsers do: without one it gets 411. What it states is taken at
    first, and what came of it is counted in the end.
    """

    app: ASGIApp
    quota: Quota
    addresses: Addresses

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
        client = self.addresses.client(scope)
        wait = self.quota.take(client, int(stated))
        if wait:
            sentence = f"Too much has been uploaded. Uploads {self.quota.room_again(wait)}"
            await Refusal(429, "upload", sentence, wait)(scope, receive, send)
            return
        upload = _Upload(receive, send)
        try:
            await self.app(scope, upload.receive, upload.send)
        finally:
            self.quota.settle(client, int(stated), 0 if upload.refused else upload.received)


@dataclass
class _Upload:
    """What came of one upload: the bytes that were received, and whether they were refused."""

    _receive: Receive
    _send: Send
    received: int = 0
    refused: bool = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.refused = message["status"] >= 400
        await self._send(message)


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
