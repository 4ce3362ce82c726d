"""The app under others: surplus, visitors who leave, failures, SIGTERM; over HTTP, as it is run."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import DictionaryTagger, FakePair, loader_of

from ner.entities import Tagged
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage
from ner.ui import build, launch
from ner.ui.admission import MOST_EVENTS
from ner.ui.files import FilesHandler
from ner.ui.lifecycle import drain
from ner.ui.service import Service
from ner.ui.settings import Settings

ROOT = Path(__file__).parent.parent
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


@dataclass
class Held:
    """A page in a process of its own over a tagger that can be made to wait."""

    begun: Any = field(default_factory=lambda: get_context("spawn").Event())
    go: Any = field(default_factory=lambda: get_context("spawn").Event())
    tagged: Any = field(default_factory=lambda: get_context("spawn").Queue())
    url: str = ""
    process: Any = None
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def call(self, text: str, model: str = "bundled") -> httpx.Response:
        """Ask for a text; the answer has its event's id."""
        arguments = [text, model, "int8", "first", 0.0, None]
        return self.client.post(f"{self.url}gradio_api/call/tag", json={"data": arguments})

    def result(self, called: httpx.Response) -> str:
        """What came of it."""
        return self.client.get(self.stream(called)).text

    def stream(self, called: httpx.Response) -> str:
        return f"{self.url}gradio_api/call/tag/{called.json()['event_id']}"

    def metric(self, name: str) -> float:
        text = self.client.get(f"{self.url}metrics").text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def until(self, name: str, value: float) -> None:
        """Ask until a metric has come to ``value``; pytest's timeout bounds that."""
        while self.metric(name) < value:
            pass

    def hold(self) -> httpx.Response:
        """Take the only place."""
        called = self.call(HOLD)
        assert self.begun.wait(30)
        return called


def _serve(address: Connection, begun: Any, go: Any, tagged: Any) -> None:
    pair = FakePair(int8=Holding(begun=begun, go=go, tagged=tagged))

    def load(spec: ModelSpec, device: str, report: OnStage) -> FakePair:
        if spec.name != "bundled":
            raise RuntimeError("/secret/path")
        return pair

    service = Service()
    page = build(load, service=service)
    address.send(launch(page, service, server_name="127.0.0.1"))
    page.block_thread()


@pytest.fixture
def held() -> Iterator[Held]:
    """A page whose one place can be held."""
    ours, theirs = get_context("spawn").Pipe()
    page = Held()
    arguments = (theirs, page.begun, page.go, page.tagged)
    page.process = get_context("spawn").Process(target=_serve, args=arguments, daemon=True)
    page.process.start()
    page.url = ours.recv()
    yield page
    page.process.kill()
    page.process.join()
    page.tagged.close()
    page.client.close()


@pytest.mark.timeout(120)
def test_surplus_is_refused_at_once_and_the_rest_is_served(held: Held) -> None:
    """One at work, the queue full: 503 with when to come again; then everyone gets an answer."""
    first = held.hold()
    most = MOST_EVENTS - 1
    waiting = [held.call(f"Berlin {number}") for number in range(most)]
    held.until('ner_waiting{kind="text"}', most)

    refused = held.call("Berlin")

    assert 503 == refused.status_code
    assert "2" == refused.headers["retry-after"]
    assert "Too many" in refused.json()["detail"]
    held.go.set()
    assert "Hold Berlin." in held.result(first)
    for number, one in enumerate(waiting):
        assert f'"Berlin {number}"' in held.result(one)
    assert 200 == held.call("Berlin").status_code
    assert 1 == held.metric('ner_refusals_total{reason="busy"}')


@pytest.mark.timeout(120)
def test_waiting_work_of_a_visitor_who_left_is_not_done(held: Held) -> None:
    """Its place in the queue goes to the next."""
    first = held.hold()
    left = held.call("London, left")
    held.until('ner_waiting{kind="text"}', 1)
    with held.client.stream("GET", held.stream(left)):
        pass
    route = "/gradio_api/call/{api_name}/{event_id}"
    held.until(f'ner_requests_total{{method="GET",route="{route}",status="200"}}', 1)
    stayed = held.call("London, stayed")
    held.until('ner_waiting{kind="text"}', 2)

    held.go.set()

    assert "stayed" in held.result(stayed)
    held.result(first)
    assert [HOLD, "London, stayed"] == [held.tagged.get(timeout=10) for _ in range(2)]
    assert held.tagged.empty()


@pytest.mark.timeout(120)
def test_a_failure_names_the_request_it_came_with(held: Held) -> None:
    """The id in the sentence is the one in the header; nothing else of the failure is told."""
    called = held.call("Berlin", model="elastic-distilbert")
    answer = held.result(called)

    assert called.headers["x-request-id"] in answer
    assert "secret" not in answer


@pytest.mark.timeout(120)
def test_sessions_keep_no_copies_and_no_texts(held: Held) -> None:
    """Calls, each a session of its own, cost next to no memory."""
    held.go.set()
    for _ in range(50):
        held.result(held.call("Berlin"))
    before = held.metric("process_resident_memory_bytes")
    for _ in range(200):
        held.result(held.call("Berlin"))

    assert held.metric("process_resident_memory_bytes") - before < 5e6


def test_a_file_is_interrupted_by_the_end_of_the_server(tmp_path: Path) -> None:
    """Its visitor is told so, and how to go on."""
    file = tmp_path / "texts.txt"
    file.write_text("Berlin\n" * 1000)
    service = Service()
    handler = FilesHandler(loader_of(FakePair()), service)
    settings = ("", None, "bundled", "CPU", "int8", "first", 0.0, "", ".jsonl")

    class Asked:
        session_hash = "one"
        request = None

    shown = handler.tagged(Asked(), str(file), *settings)  # type: ignore[arg-type]
    assert "rows" in next(shown)[0]
    service.readiness.draining = True

    assert "Interrupted" in [one for one, _ in shown][-1]
    assert 0 == service.long.working


def test_draining_waits_for_what_runs_and_no_longer_than_told() -> None:
    """Done in time, or cut off."""
    service = Service(Settings(drain_seconds=60))
    left = [True, True]

    assert drain(service, lambda: bool(left), sleep=lambda _: left.clear())
    assert service.readiness.draining
    assert not drain(Service(Settings(drain_seconds=0)), lambda: True, sleep=lambda _: None)


@contextmanager
def app(home: Path, log: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``python app.py`` over prepared models, ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {**os.environ, "NER_HOME": str(home), "GRADIO_SERVER_PORT": str(port)}
    with (
        log.open("w") as written,
        subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**settings, **environment},
            stdout=written,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        ready = any("is ready" in line for line in process.stderr)
        assert ready
        yield process, f"http://127.0.0.1:{port}/"
        process.kill()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_with_0(
    number: signal.Signals, ner_home: Path, tmp_path: Path, bundled_pair: object
) -> None:
    """Not ready at once, new work refused, what runs is answered; the log never has a text."""
    log = tmp_path / "log"
    gold = "\n\n".join(["Ada\tB-PER\nlives\tO\nin\tO\nLondon\tB-LOC"] * 200)
    with app(ner_home, log, NER_DRAIN_SECONDS="120") as (process, url):
        called = httpx.post(
            f"{url}gradio_api/call/evaluate",
            json={"data": [gold, "bundled", "first", 0.0, None, 0.01]},
        )
        while 'ner_working{kind="long"} 1' not in httpx.get(f"{url}metrics").text:
            pass
        with ThreadPoolExecutor(1) as pool:
            event = called.json()["event_id"]
            result = pool.submit(httpx.get, f"{url}gradio_api/call/evaluate/{event}", timeout=120)
            os.kill(process.pid, number)
            while httpx.get(f"{url}readyz").status_code == 200:
                pass
            refused = httpx.post(f"{url}gradio_api/call/tag", json={"data": []})
            answer = result.result()
        assert 0 == process.wait(60)
        assert process.stderr is not None
        logged = log.read_text() + process.stderr.read()

    assert 503 == refused.status_code
    assert "30" == refused.headers["retry-after"]
    assert "event: complete" in answer.text
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert "draining" in {line.get("refused") for line in lines}
    assert "London" not in logged


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", ["call/tag/unknown", "queue/data?session_hash=unknown"])
def test_an_answer_that_nobody_asked_for_is_no_failure(
    path: str, ner_home: Path, tmp_path: Path, bundled_pair: object
) -> None:
    """Whoever asks for one is told, and can't fill the log with traces."""
    with app(ner_home, tmp_path / "log") as (process, url):
        told = httpx.get(f"{url}gradio_api/{path}").text
        process.kill()
        assert process.stderr is not None
        logged = process.stderr.read()

    assert "Not Found" in told
    assert "Traceback" not in logged
