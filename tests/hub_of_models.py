"""A Hub on loopback that can be slow, broken, private or malicious; it notes what it was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubOfModels:
    """One repository, whatever its id: ``files``, and how it misbehaves.

    ``stated`` are sizes that the listing gives in place of the true ones. ``statuses`` are what
    requests are answered with, in turn, before all is well; ``status_of`` is that of one file.
    With ``drip`` each answer comes a byte at a time, ten a second. ``requests`` are path and
    headers of all that was asked.
    """

    files: dict[str, bytes]
    commit: str = COMMIT
    stated: dict[str, int] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    status_of: dict[str, int] = field(default_factory=dict)
    drip: bool = False
    listing: bytes | None = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    over: Event = field(default_factory=Event)

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.requests]

    @property
    def fetched(self) -> list[str]:
        """The files that were asked for, in order."""
        return [path.partition(f"/resolve/{self.commit}/")[2] for path in self.asked[1:]]

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body of what is at ``path``."""
        if self.statuses:
            return self.statuses.pop(0), b"not now"
        if path.startswith("/api/models/"):
            return 200, self._listing() if self.listing is None else self.listing
        name = path.partition(f"/resolve/{self.commit}/")[2]
        if name in self.status_of:
            return self.status_of[name], b"no"
        return (200, self.files[name]) if name in self.files else (404, b"no such file")

    def _listing(self) -> bytes:
        siblings: list[dict[str, Any]] = [
            {"rfilename": name, "size": self.stated.get(name, len(content))}
            for name, content in self.files.items()
        ]
        for one in siblings:
            name = one["rfilename"]
            if name == "model.safetensors":
                true = hashlib.sha256(self.files[name]).hexdigest()
                one["lfs"] = {"sha256": self.sha256.get(name, true)}
        return json.dumps({"sha": self.commit, "siblings": siblings}).encode()


class Quiet(BaseHTTPRequestHandler):
    """A handler of requests that prints nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """What was asked is kept by the Hub."""


@contextmanager
def on_loopback(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server meanwhile; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running(hub: HubOfModels) -> Iterator[HubOfModels]:
    """``hub`` with an address of its own."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            hub.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, body = hub.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                self._send(body)
            except OSError:
                # The client has hung up, as it should.
                return

        def _send(self, body: bytes) -> None:
            if not hub.drip:
                self.wfile.write(body)
                return
            for byte in body:
                if hub.over.wait(0.1):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()

    with on_loopback(Handler) as hub.url:
        yield hub
        hub.over.set()
