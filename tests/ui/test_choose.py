"""Tab 'Choose': measuring on the visitor's text, deciding anew, making, stopping."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from fakes import fake_recipes, service_of
from gradio import Request

from ner.models.calibration import gate_file, read_texts
from ner.models.child import Stage
from ner.models.names import find_model
from ner.models.recipes import Variant
from ner.progress import Progress
from ner.serving.bounds import SlotBounds
from ner.serving.service import Service
from ner.ui import choose
from ner.ui.choose import ChooseHandler, Results
from ner.ui.progress import Value

TEXT = "\n".join(["Wolfgang left Berlin.", "", *["Ada Lovelace lived in London."] * 69])
SETTINGS = ("bundled#original", "bundled#int8", None, None, 95.0)
ASKED = Request(session_hash="one")


@pytest.fixture(autouse=True)
def recipes() -> Iterator[None]:
    with fake_recipes():
        yield


def handler(service: Service | None = None) -> ChooseHandler:
    return ChooseHandler(service or service_of())


def asked(text: str = TEXT, *, gold: bool = False, settings: Any = SETTINGS) -> Iterator[Any]:
    return handler().answer(ASKED, text, gold, "CPU", *settings)


def last(answers: Iterator[Any]) -> tuple[Value, Results]:
    *_, (value, measured) = answers
    assert measured is not None
    return value, measured


def test_progress_comes_before_the_result() -> None:
    """Stages of making, then steps, then the verdict on 70 lines: the empty one is none."""
    shown = [value["html"] for value, _ in asked()]

    assert "Opening every recipe" in shown[0]
    assert "step 1 of 1: quantize" in shown[1]
    assert any("Measuring, " in html for html in shown[:-1])
    assert "Take " in shown[-1] and "70 texts: your text" in shown[-1]


def test_limits_are_applied_anew_to_what_was_measured() -> None:
    """Nothing is tagged again; the answer follows the limits."""
    _, measured = last(asked())
    [strict] = handler().decide(measured, *SETTINGS[:2], None, 0.001, 95.0)
    [usual] = handler().decide(measured, *SETTINGS)

    assert "None fits" in strict["html"]
    assert "Take " in usual["html"]


def test_before_anything_is_measured_a_limit_changes_nothing() -> None:
    """The hint stays where it is."""
    assert [gr.skip()] == list(handler().decide(None, *SETTINGS))


def test_a_limit_that_can_be_none_gets_a_sentence() -> None:
    """At once, and also after a run, which is kept."""
    _, measured = last(asked())
    wrong = (*SETTINGS[:4], 980.0)
    [value] = handler().decide(measured, *wrong)
    [(refused, nothing)] = asked(settings=wrong)

    for html in (value["html"], refused["html"]):
        assert "must be a fraction" in html
    assert nothing is None


def test_gold_adds_its_f1() -> None:
    """In any of the forms of tab Evaluate."""
    value, measured = last(asked("[Wolfgang](PER) left [Berlin](LOC).\n" * 30, gold=True))

    assert all(item.f1 and item.f1.value == 1.0 for item in measured.measured)
    assert "F1 against gold" in value["html"]


def test_without_a_text_it_is_the_models_gate_texts() -> None:
    """And the result says so."""
    value, measured = last(asked("  "))

    texts = read_texts(gate_file(find_model("bundled")))
    assert len(texts) == measured.measured[0].singles.latency.n
    assert "check texts" in value["html"]


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("x" * 100_001, SETTINGS, "python -m ner choose"),
        (TEXT, ("../etc#original", *SETTINGS[1:]), "There is no model called"),
        (TEXT, ("bundled#int9", *SETTINGS[1:]), "int8-weights"),
    ],
    ids=["too long", "unknown model", "unknown recipe"],
)
def test_what_can_not_be_used_gets_a_sentence(text: str, settings: Any, said: str) -> None:
    """No trace, nothing measured."""
    [(value, measured)] = asked(text, settings=settings)

    assert said in value["html"]
    assert measured is None


def test_stop_ends_the_run_of_its_own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a step; another visitor's run goes on."""
    monkeypatch.setattr(choose, "_TOLD_EVERY", 0.0)
    ours = handler()
    shown = ours.answer(ASKED, TEXT, False, "CPU", *SETTINGS)
    first, _ = next(item for item in shown if "Measuring" in item[0]["html"])
    ours.stop(Request(session_hash="another"))
    second, _ = next(shown)
    ours.stop(ASKED)

    assert "Measuring, 1 of" in first["html"]
    assert "Measuring, 2 of" in second["html"]
    assert "Stopped." in list(shown)[-1][0]["html"]
    assert {} == ours.running


def test_a_visitor_who_leaves_ends_the_measuring_without_waiting_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing returns at once; the place is free when the work has ended, not before."""
    goes_on, told_to_stop = threading.Event(), []

    def measure(*_: Any) -> Iterator[Progress]:
        yield Progress(1, 2, "text 1")
        assert goes_on.wait(30)
        try:
            yield Progress(2, 2, "text 2")
        finally:
            told_to_stop.append(True)

    monkeypatch.setattr(choose, "measure", measure)
    service = service_of()
    shown = handler(service).answer(ASKED, TEXT, False, "CPU", *SETTINGS)
    next(item for item in shown if "Measuring, 1 of 2" in item[0]["html"])

    leaving = threading.Thread(target=shown.close)  # type: ignore[attr-defined]
    leaving.start()
    leaving.join(5)
    waited, working = leaving.is_alive(), service.long.running
    goes_on.set()

    assert not waited
    assert 1 == working
    while service.long.running:
        pass
    assert [True] == told_to_stop


def test_stop_ends_the_wait_for_a_place() -> None:
    """Who gives up while others are served is told so, and measures nothing."""
    service = service_of(long=SlotBounds(1, 48, 16, 10.0))
    ours, told = handler(service), []
    with service.long.slot():
        waiting = threading.Thread(
            target=lambda: told.extend(ours.answer(ASKED, TEXT, False, "CPU", *SETTINGS)),
            daemon=True,
        )
        waiting.start()
        while not service.long.queued:
            pass
        ours.stop(ASKED)
    waiting.join(30)

    assert "Stopped." in told[-1][0]["html"]


def test_making_tells_its_stages_and_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe that there is not gets a sentence."""
    made = []

    def ensure(variant: Variant, *, report: Any) -> None:
        report(Stage("quantize", 1, 2))
        made.append(variant.name)

    monkeypatch.setattr(choose, "ensure_prepared", ensure)
    told = list(handler().make("bundled#int4"))
    [refused] = handler().make("bundled#int9")

    assert ["bundled#int4"] == made
    assert "step 1 of 2: quantize" in told[1]
    assert "Press Measure" in told[-1]
    assert "int8-weights" in refused
