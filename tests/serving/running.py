"""The app in a process of its own: over a tagger that can be made to wait, or as it is started."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from fakes import DictionaryTagger, FakeSides, service_of

from ner.entities import Tagged
from ner.models.child import OnStage
from ner.models.recipes import Variant
from ner.ui.launch import launch
from ner.ui.page import build

ROOT = Path(__file__).parent.parent.parent
# A text that the tagger of `Held` doesn't get through until it is told to.
HOLD = "Hold Berlin."


@dataclass(frozen=True)
class Holding(DictionaryTagger):
    """Waits at one text, and tells which texts came to it."""

    begun: Any = None
    go: Any = None
    tagged: Any = None

    def __call__(self, text: str) -> Tagged:
        self.tagged.put(text)
        if text == HOLD:
            self.begun.set()
            assert self.go.wait(60)
        return super().__call__(text)


def arguments(text: str, model: str = "bundled") -> list[object]:
    """What ``tag`` is called with over HTTP, all but text and model as usual."""
    return [text, model, "int8", "first", 0.0, None, "segments"]


class Measured:
    """A running app, which tells its metrics, and tags."""

    url: str

    def tag(self, text: str) -> Any:
        """The answer for one text, as another visitor."""
        api = f"{self.url}gradio_api/call/tag"
        called = httpx.post(api, json={"data": arguments(text)}, timeout=60).raise_for_status()
        told = httpx.get(f"{api}/{called.json()['event_id']}", timeout=60).text
        return json.loads(told.partition("data: ")[2].partition("\n")[0])[0]

    @property
    def memory(self) -> float:
        """Resident memory in MB."""
        return self.metric("process_resident_memory_bytes") / 1e6

    def metric(self, name: str) -> float:
        text = httpx.get(f"{self.url}metrics", timeout=60).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def until(self, name: str, value: float) -> None:
        """Ask until a metric has come to ``value``; pytest's timeout bounds that."""
        while self.metric(name) < value:
            # Asking without a pause would keep the server from what is waited for.
            time.sleep(0.02)


@dataclass
class Held(Measured):
    """A page in a process of its own over a tagger that can be made to wait."""

    begun: Any = field(default_factory=lambda: get_context("spawn").Event())
    go: Any = field(default_factory=lambda: get_context("spawn").Event())
    tagged: Any = field(default_factory=lambda: get_context("spawn").Queue())
    url: str = ""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def again(self) -> None:
        """Forget what was held and tagged before."""
        self.begun.clear()
        self.go.clear()
        while not self.tagged.empty():
            self.tagged.get()

    def call(self, text: str, model: str = "bundled") -> httpx.Response:
        """Ask for a text; the answer has its event's id."""
        data = {"data": arguments(text, model)}
        return self.client.post(f"{self.url}gradio_api/call/tag", json=data)

    def result(self, called: httpx.Response) -> str:
        """What came of it."""
        return self.client.get(self.stream(called)).text

    def stream(self, called: httpx.Response) -> str:
        return f"{self.url}gradio_api/call/tag/{called.json()['event_id']}"

    def hold(self) -> httpx.Response:
        """Take the only slot."""
        called = self.call(HOLD)
        assert self.begun.wait(30)
        return called


@contextmanager
def apart(serve: Callable[..., None], *given: Any) -> Iterator[str]:
    """``serve`` in a process of its own: it gets a pipe for its page's address, and ``given``."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, *given), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()
        ours.close()
        theirs.close()


def serve_page(address: Connection, load: Any, **settings: Any) -> None:
    """The page over what ``load`` opens, until the process ends; its address goes into the pipe."""
    service = service_of()
    page = build(load, service=service)
    address.send(launch(page, service, server_name="127.0.0.1", server_port=0, **settings))
    page.block_thread()


def event_of(client: httpx.Client, elem_id: str) -> int:
    """The number of the event that a click on a button of the page is."""
    config = client.get("config").json()
    [button] = [one["id"] for one in config["components"] if one["props"].get("elem_id") == elem_id]
    [number] = [one["id"] for one in config["dependencies"] if [button, "click"] in one["targets"]]
    return int(number)


def _serve(address: Connection, begun: Any, go: Any, tagged: Any) -> None:
    pair = FakeSides(right=Holding(begun=begun, go=go, tagged=tagged))

    def load(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        if left.spec.name != "bundled":
            raise RuntimeError("/secret/path")
        return pair.alone(left) if left == right else pair

    serve_page(address, load)


@contextmanager
def held_page() -> Iterator[Held]:
    """A page whose one slot can be held."""
    page = Held()
    with apart(_serve, page.begun, page.go, page.tagged) as page.url, page.client:
        yield page
    page.tagged.close()


@dataclass(frozen=True)
class App(Measured):
    """A running ``python app.py``."""

    process: subprocess.Popen[str]
    url: str
    log: Path
    errors: list[str]

    @property
    def told(self) -> str:
        """All that it has written so far, to both of its outputs."""
        return self.log.read_text("utf-8") + "".join(self.errors)


@contextmanager
def app(
    log: Path, *, command: Sequence[str] = ("app.py",), cwd: Path = ROOT, **environment: str
) -> Iterator[App]:
    """``python app.py``, or another command, ready; ``log`` gets its standard output."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    with (
        log.open("w") as written,
        subprocess.Popen(
            [sys.executable, *command],
            cwd=cwd,
            env={**settings, **environment},
            stdout=written,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        errors: list[str] = []
        ready = threading.Event()

        def read() -> None:
            # To the end: no pipe fills up.
            for line in process.stderr or ():
                errors.append(line)
                if "is ready" in line:
                    ready.set()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            # It says when the default model is ready; Gradio's page is up long before.
            while not ready.wait(1):
                assert process.poll() is None, errors
            yield App(process, f"http://127.0.0.1:{port}/", log, errors)
        finally:
            process.kill()
            reader.join()
