"""What is sent to the page's own events and can't be used: refused, and kept out of the log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import FakeSides, loader_of
from serving.running import apart, event_of, serve_page

TEXT = "this text must never reach the log "
LONG = TEXT * 1000


@dataclass
class Served:
    """A page in a process of its own, and what that writes to standard output and error."""

    client: httpx.Client
    log: Path

    def send(self, event: int, values: list[Any]) -> str:
        """What the last message of the event says."""
        session = os.urandom(8).hex()
        body = {"fn_index": event, "data": values, "session_hash": session}
        joined = self.client.post("gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            return joined.text
        answer = self.client.get("gradio_api/queue/data", params={"session_hash": session})
        [last] = [line for line in answer.text.splitlines() if "process_completed" in line]
        return str(json.loads(last.removeprefix("data: "))["output"].get("error"))


def _serve(address: Connection, log: Path) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    serve_page(address, loader_of(FakeSides()))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page whose log can be read."""
    log = tmp_path_factory.mktemp("served") / "log"
    with apart(_serve, log) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield Served(client, log)


@pytest.mark.timeout(120)
def test_a_choice_that_is_not_offered_is_refused_without_its_words(served: Served) -> None:
    """Neither the answer nor the log has them; the log has that something was refused."""
    answer = served.send(
        event_of(served.client, "tag"),
        ["Berlin", LONG, "bundled#int8", "CPU", "first", "segments", 0, "[]", "merged"],
    )

    assert "has an invalid value" in answer
    assert TEXT not in answer
    logged = served.log.read_text()
    assert "An input was refused: Error" in logged
    assert TEXT not in logged
    assert "Traceback" not in logged


@pytest.mark.timeout(120)
def test_a_number_out_of_bounds_is_answered_with_the_bounds(served: Served) -> None:
    """The field is named, for it may have been typed on the page."""
    sides = ["bundled#original", "bundled#int8", "CPU"]
    values = [None, "", None, *sides, "right", "first", 7, "", "entities.jsonl"]

    answer = served.send(event_of(served.client, "tag-file"), values)

    assert "Threshold: expected a number from 0" in answer


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "value",
    [
        LONG,
        [LONG],
        {"value": LONG},
        {"path": LONG, "meta": {"_type": "gradio.FileData"}},
        {"path": "/x", "orig_name": LONG, "meta": {"_type": "gradio.FileData"}},
    ],
    ids=["text", "list", "object", "file", "name of a file"],
)
def test_nothing_that_is_sent_to_any_event_is_logged(served: Served, value: object) -> None:
    """Every event of the page, each of its inputs the same text in one form or another."""
    for event in served.client.get("config").json()["dependencies"]:
        if event["backend_fn"]:
            served.send(event["id"], [value] * len(event["inputs"]))

    logged = served.log.read_text()
    assert TEXT not in logged
    assert "Traceback" not in logged
