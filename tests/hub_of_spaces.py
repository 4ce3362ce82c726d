"""A Hub on loopback: making a Space or a model, committing to it, and a ZeroGPU Space at start."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hub_of_models import Quiet, on_loopback


@dataclass
class HubOfSpaces:
    """What it was asked to hold: the files of each Space and model, and every request made.

    ``refuse`` maps the end of a path to the status that it is answered with.
    """

    spaces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    models: dict[str, dict[str, bytes]] = field(default_factory=dict)
    created_with: list[dict[str, Any]] = field(default_factory=list)
    commits: int = 0
    refuse: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    url: str = ""

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON for a request."""
        for end, status in self.refuse.items():
            if path.endswith(end):
                return status, {"error": "as the test wants"}
        if path == "/startup-report":
            return 200, {}
        if path == "/api/whoami-v2":
            return 200, {"name": "someone", "type": "user"}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        held = self.models if path.startswith("/api/models/") else self.spaces
        name, _, action = path.split("/", 3)[-1].partition("/main")[0].rpartition("/")
        if action == "preupload":
            paths = [one["path"] for one in json.loads(body)["files"]]
            modes = [{"path": one, "uploadMode": "regular", "shouldIgnore": False} for one in paths]
            return 200, {"files": modes}
        if action == "commit":
            return self._commit(held[name], path.removeprefix("/api").removeprefix("/models"), body)
        if name in held and action in ("revision", "tree"):
            files = [_file(one) for one in held[name]]
            siblings = [{"rfilename": one["path"]} for one in files]
            return 200, files if action == "tree" else {"id": name, "siblings": siblings}
        return 404, {"error": "not found"}

    def _create(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        name = f"{wanted.get('organization', 'someone')}/{wanted['name']}"
        is_space = wanted.get("type") == "space"
        held = self.spaces if is_space else self.models
        address = f"{self.url}/{'spaces/' if is_space else ''}{name}"
        self.created_with.append(wanted)
        if name in held:
            return 409, {"error": "You already created this repo", "url": address}
        held[name] = {}
        return 200, {"url": address, "name": name}

    def _commit(self, held: dict[str, bytes], place: str, body: bytes) -> tuple[int, Any]:
        self.commits += 1
        for line in map(json.loads, body.decode().splitlines()):
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                held[line["value"]["path"]] = content
            elif line["key"] == "deletedFile":
                del held[line["value"]["path"]]
        address = f"{self.url}{place.replace('/main', '/0')}"
        return 200, {"success": True, "commitOid": "0" * 40, "commitUrl": address}


def _file(path: str) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": 1, "oid": "0"}


@contextmanager
def hub_of_spaces() -> Iterator[HubOfSpaces]:
    """A Hub that listens on loopback meanwhile."""
    hub = HubOfSpaces()

    class Handler(Quiet):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.partition("?")[0]
            hub.requests.append((self.command, path))
            hub.tokens.add(self.headers.get("Authorization"))
            status, answer = hub.answer(path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

    with on_loopback(Handler) as hub.url:
        yield hub
