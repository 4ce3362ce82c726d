"""Tab 'Measure': what it computes and shows; charts as markup."""

from __future__ import annotations

import base64
import json
import re
import threading
from html.parser import HTMLParser
from typing import Any

import pytest
from fakes import service_of
from gradio import Request

from ner.measuring import benchmark
from ner.measuring.benchmark import BenchmarkPlan
from ner.measuring.report import benchmark_json
from ner.measuring.rounds import BenchmarkStep, Stopped
from ner.models.catalogue import ModelSpec, find, gate_file, read_texts
from ner.models.opened import OpenSides, Sides
from ner.serving.bounds import SlotBounds
from ner.ui.measure import MeasureHandler, show_records, show_run

QUICK = BenchmarkPlan(lengths=(16, 32), rounds=6, passes=6, files=("file",), peak_runs=1)


@pytest.fixture(scope="module")
def shown(tiny_spec: ModelSpec, tiny_sides: Sides) -> list[str]:
    """Everything that one run puts on the page, in order."""
    pairs = OpenSides()
    handler = MeasureHandler(
        lambda spec, device, report: pairs.get(spec, device=device, report=report),
        service_of(),
        QUICK,
    )
    return list(handler._results(tiny_spec, threading.Event()))


def test_progress_comes_before_the_result(shown: list[str]) -> None:
    """Each step is counted, and the last thing is the verdict."""
    assert "Measuring, 1 of 24: 16 tokens" in shown[0]
    assert "INT8 against FP32" in shown[-1]


def test_the_downloads_hold_the_run(shown: list[str]) -> None:
    """JSON and CSV are in the page itself, whole."""
    files = {
        name: base64.b64decode(data).decode()
        for name, data in re.findall(
            r'download="([\w.]+)" href="data:[\w/]+;base64,([^"]+)"', shown[-1]
        )
    }
    answer = json.loads(files["benchmark.json"])

    assert {row["tokens"] for row in answer["latency"]} == {16, 32}
    assert files["benchmark.csv"].startswith("kind,row,tokens,")


def test_the_command_repeats_it(shown: list[str], tiny_spec: ModelSpec) -> None:
    """At full length, on the command line."""
    assert f"python -m ner bench --model {tiny_spec.name}" in shown[-1]


def test_an_unknown_model_gets_a_sentence() -> None:
    """No trace, nothing measured."""
    handler = MeasureHandler(lambda *_: pytest.fail("opened"), service_of())  # type: ignore[arg-type]
    [answer] = handler.answer(Request(session_hash="one"), "../etc")

    assert "There is no model called" in answer


def test_stop_ends_the_run_of_its_own_session(
    tiny_spec: ModelSpec, tiny_sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a round; another visitor's run goes on."""
    monkeypatch.setattr("ner.ui.measure.find_offered", lambda name: tiny_spec)
    handler = MeasureHandler(lambda *_: tiny_sides, service_of(), QUICK)
    ours, other = (Request(session_hash=name) for name in ("ours", "other"))
    shown = handler.answer(ours, "tiny")
    first = next(shown)
    handler.stop(other)
    second = next(shown)
    handler.stop(ours)

    assert "Measuring, 1 of" in first
    assert "Measuring, 2 of" in second
    assert "Stopped." in list(shown)[-1]
    assert handler.running == {}


def test_a_visitor_who_leaves_ends_the_measuring_without_waiting_for_it(
    tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing returns within a step; the place is free when the work has ended, not before."""
    goes_on, told_to_stop = threading.Event(), []

    def run(*_: Any, report: Any, stop: Any, **__: Any) -> None:
        report(BenchmarkStep(1, 2, "16 tokens"))
        assert goes_on.wait(30)
        told_to_stop.append(stop())
        raise Stopped

    monkeypatch.setattr(benchmark, "run", run)
    service = service_of()
    handler = MeasureHandler(lambda *_: pytest.fail("opened"), service, QUICK)  # type: ignore[arg-type]
    shown = handler._results(tiny_spec, threading.Event())
    assert "Measuring, 1 of 2" in next(shown)

    leaving = threading.Thread(target=shown.close)
    leaving.start()
    leaving.join(5)
    waited, working = leaving.is_alive(), service.long.running
    goes_on.set()

    assert not waited
    assert 1 == working
    while service.long.running:
        pass
    assert [True] == told_to_stop


def test_stop_ends_the_wait_for_a_place(tiny_spec: ModelSpec) -> None:
    """Who gives up while others are served is told so, and measures nothing."""
    service = service_of(long=SlotBounds(1, 48, 16, 10.0))
    handler = MeasureHandler(lambda *_: pytest.fail("opened"), service, QUICK)  # type: ignore[arg-type]
    stopping, told = threading.Event(), []
    with service.long.slot():
        waiting = threading.Thread(
            target=lambda: told.extend(handler._results(tiny_spec, stopping)), daemon=True
        )
        waiting.start()
        while not service.long.queued:
            pass
        stopping.set()
    waiting.join(30)

    assert 1 == len(told)
    assert "Stopped." in told[0]


def test_recorded_runs_show_date_and_machine(tiny_spec: ModelSpec, tiny_sides: Sides) -> None:
    """They are never mixed with what was measured here and now."""
    texts = read_texts(gate_file(find("bundled")))[:8]
    result = benchmark.run(tiny_spec, QUICK, texts, processes=False)
    record = benchmark_json(result) | {"date": "2026-01-31", "command": "the command"}
    markup = show_records([("bench-tiny.json", record)])

    assert "2026-01-31" in markup
    assert result.machine.cpu in markup
    assert show_records([]) == ""
    assert "the other" in show_run(result, "the other")


class Tags(HTMLParser):
    """Whether tags close in the order in which they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag not in ("input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        """Self-closed elements of SVG are closed."""

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_markup_is_well_formed(shown: list[str]) -> None:
    """Every tag closes in order."""
    tags = Tags()
    tags.feed(shown[-1])

    assert (tags.open, tags.wrong) == ([], [])
