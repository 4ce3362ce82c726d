"""Opening a model: work goes on behind a visitor who left, and nobody else waits for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import httpx
import pytest
from fakes import DictionaryTagger, FakeSides, service_of, side
from serving.running import apart, event_of, serve_page

from ner.errors import PrepareFailed
from ner.models.child import OnStage
from ner.models.names import find_model, resolve
from ner.models.open import OpenSides
from ner.models.recipes import Variant, default_sides
from ner.progress import Stopped
from ner.serving.admission import ClientDisconnected
from ner.serving.probes import Readiness
from ner.ui.jobs import Loader, Run, Site
from ner.ui.launch import _loader, _open_first


def run(load: Any = None) -> Run:
    return Run(Site(load, service_of()))


@pytest.mark.parametrize("way", ["leave", "stop"])
def test_a_visitor_who_leaves_waits_for_nothing_and_ends_nothing(way: str) -> None:
    """Closing or stopping returns while the model is still being made; it is made all the same."""
    goes_on, made = threading.Event(), threading.Event()

    def load(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        report("step 1 of 2: export")
        assert goes_on.wait(30)
        report("step 2 of 2: quantize")
        made.set()
        return FakeSides()

    ours = run(load)
    shown = ours.open("original", "int8", "CPU")
    assert "step 1 of 2: export" in next(shown)

    def end() -> None:
        if way == "stop":
            ours.stopping.set()
            with pytest.raises(Stopped):
                next(shown)
        shown.close()

    leaving = threading.Thread(target=end)
    leaving.start()
    leaving.join(5)
    waited = leaving.is_alive()
    goes_on.set()
    assert not waited
    assert made.wait(5)


def test_who_has_gone_does_not_wait_for_a_model_that_another_opens() -> None:
    """Its thread ends; the one that opens the model does not."""
    begun, goes_on = threading.Event(), threading.Event()

    def opener(variant: Variant, **_: Any) -> Any:
        begun.set()
        assert goes_on.wait(30)
        return side(variant, DictionaryTagger())

    def gone() -> None:
        raise ClientDisconnected

    pairs, variant = OpenSides(opener), resolve("int8")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(pairs.get, variant, variant, waiting=gone)
        assert begun.wait(10)
        with pytest.raises(ClientDisconnected):
            pairs.get(variant, variant, waiting=gone)
        goes_on.set()

        assert variant.spec == first.result(10).spec


def loading(*outcomes: Exception | None, withheld: str | None = None) -> tuple[Loader, Readiness]:
    """The server's own loader over sides that open as told, the first time first.

    ``withheld`` is why INT8 is not served.
    """
    left = list(outcomes)

    def opener(variant: Variant, **_: Any) -> Any:
        outcome = left.pop(0) if left else None
        if outcome is not None:
            raise outcome
        opened = side(variant, DictionaryTagger())
        return replace(opened, withheld=withheld if variant.recipe.steps else None)

    readiness = Readiness()
    load = _loader(OpenSides(opener), readiness)
    return load, readiness


def open_default(load: Loader, model: str) -> None:
    """As a visitor does who has chosen no other sides."""
    load(*default_sides(find_model(model)), "CPU", print)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PrepareFailed("No space for it."), "No space for it."),
        (RuntimeError("/secret/path"), "in the log under"),
        (OSError("/secret/path"), "in the log under"),
        (MemoryError(), "in the log under"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_keeps_the_default_model_from_opening_is_told(error: Exception, told: str) -> None:
    """A sentence, and nothing of an error that is not ours."""
    load, readiness = loading(error)

    _open_first(load, readiness)

    [reason] = readiness.reasons
    assert told in reason
    assert "secret" not in reason


def test_a_visitor_who_opens_the_default_model_makes_the_server_ready() -> None:
    """It need not have been the server's own start; another model is none of its business."""
    failed = PrepareFailed("The Hub is away.")
    load, readiness = loading(failed)
    _open_first(load, readiness)

    open_default(load, "elastic-distilbert")
    assert ("The Hub is away.",) == readiness.reasons
    open_default(load, "bundled")
    assert () == readiness.reasons

    since = readiness.ready_since
    open_default(load, "bundled")
    assert since == readiness.ready_since


def test_an_int8_that_is_not_served_is_why_the_server_is_not_ready() -> None:
    """Whoever opened the model."""
    load, readiness = loading(OSError(), withheld="INT8 is not served.")
    _open_first(load, readiness)

    open_default(load, "bundled")

    assert ("INT8 is not served.",) == readiness.reasons


# A page whose model is being made until it is told to go on.
def _serve(address: Connection, second: Any, go: Any) -> None:
    def load(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        report("step 1 of 2: export")
        assert second.wait(60)
        report("step 2 of 2: quantize")
        assert go.wait(60)
        return FakeSides()

    serve_page(address, load)


@pytest.mark.timeout(120)
def test_others_are_served_while_a_model_is_made_for_one_who_left() -> None:
    """Gradio ends a visitor's work in the thread that serves all; that must not wait."""
    second, go = get_context("spawn").Event(), get_context("spawn").Event()
    with apart(_serve, second, go) as url, httpx.Client(base_url=url, timeout=30) as client:
        data = ["Berlin", *("bundled#original", "bundled#int8", "CPU"), "first", "segments"]
        pressed = {"fn_index": event_of(client, "tag"), "data": [*data, 0, "[]", "x"]}
        join = client.post("gradio_api/queue/join", json={**pressed, "session_hash": "leaves"})
        join.raise_for_status()
        stream = "gradio_api/queue/data?session_hash=leaves"
        with client.stream("GET", stream) as answer:
            assert any("step 1 of 2" in line for line in answer.iter_lines())
        second.set()
        for _ in range(20):
            assert 200 == client.get("healthz", timeout=10).status_code
            time.sleep(0.1)
