"""Visitors of the HTTP API: each calls ``tag`` over and over and checks what it gets.

Every answer must equal the one that was given for the same text when nobody else was there:
``NER_LOAD_ANSWERS`` names a JSON file with these, by text. ``NER_LOAD_RATE`` is the number of calls
a second that one visitor starts, on average; without it they follow one another.

By hand, with a page of its own:  locust -f tests/evidence/load/locustfile.py --host http://127.0.0.1:7860
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

from locust import HttpUser, events, task

_RATE = float(os.environ.get("NER_LOAD_RATE", "0"))


def answers() -> dict[str, Any]:
    """The known answers by text."""
    found: dict[str, Any] = json.loads(Path(os.environ["NER_LOAD_ANSWERS"]).read_text("utf-8"))
    return found


def arguments(text: str) -> list[object]:
    """What ``tag`` is called with: text, model, variant, aggregation, threshold, labels."""
    return [text, "bundled", "int8", "first", 0.0, None, "segments"]


class Visitor(HttpUser):
    """Calls ``tag`` with texts whose answers are known."""

    def on_start(self) -> None:
        """Read what is right, and come at a time of one's own."""
        self.known = answers()
        self.texts = list(self.known)
        self.due = time.monotonic()
        time.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Seconds until the next call.

        Calls come by chance, as those of many people do (a Poisson process), however long answers
        take. In a fixed rhythm, visitors whom one stall brought into step would stay in step.
        """
        if not _RATE:
            return 0.0
        self.due += random.expovariate(_RATE)
        return max(0.0, self.due - time.monotonic())

    @task
    def tag(self) -> None:
        """One call, from the request to its checked answer, or its refusal."""
        text = random.choice(self.texts)  # noqa: S311 - no secret
        begun = time.perf_counter()
        with self.client.post(
            "/gradio_api/call/tag",
            json={"data": arguments(text)},
            name="call",
            catch_response=True,
        ) as called:
            if called.status_code == 503:
                told = called.headers.get("retry-after", "").isdigit()
                _report("refused", begun, None if told else "no Retry-After")
                called.success()
                return
            if called.status_code != 200:
                called.failure(f"status {called.status_code}")
                return
            event = called.json()["event_id"]
        with self.client.get(
            f"/gradio_api/call/tag/{event}", name="result", catch_response=True
        ) as result:
            _report("answered", begun, self._wrong(text, result.text))
            result.success()

    def _wrong(self, text: str, stream: str) -> str | None:
        """What is wrong with an answer; None where it is the known one."""
        kind, _, rest = stream.partition("\n")
        if kind != "event: complete":
            return f"no answer: {stream[:80]}"
        answer = json.loads(rest.removeprefix("data: ").split("\n")[0])[0]
        if answer["text"] != text:
            return "crossed: the answer to another text"
        return None if answer == self.known[text] else "wrong: not the answer given alone"


def _report(name: str, begun: float, problem: str | None) -> None:
    events.request.fire(
        request_type="tag",
        name=name,
        response_time=(time.perf_counter() - begun) * 1000,
        response_length=0,
        exception=None if problem is None else RuntimeError(problem),
        context={},
    )
