"""What a million texts cost, on tab 'Choose': progress, answer, another price, refusals."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fakes import service_of

from ner.measuring.capacity import CapacityPlan, measure_capacity
from ner.models.catalogue import ModelSpec
from ner.models.prepared import Prepared
from ner.models.variants import Variant, find_variant
from ner.ui import choose, cost
from ner.ui.cost import CostHandler, Measured

TEXT = "\n".join(["My name is Wolfgang and I live in Berlin."] * 8)
ASKED = (TEXT, False, "tiny#int8")
# A limit that any machine keeps, and one that none does.
AMPLE, NONE = 60_000.0, 1e-6


@pytest.fixture
def handler(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> CostHandler:
    """That of the page, for the tiny model and short rounds."""
    monkeypatch.setattr(
        cost, "find_offered", lambda name: Variant(tiny_spec, find_variant("int8").recipe)
    )
    plan = CapacityPlan(rounds=2, seconds=0.01)
    monkeypatch.setattr(cost, "measure_capacity", partial(measure_capacity, plan=plan))
    return CostHandler(service_of(), choose._sample)


def last(handler: CostHandler, *terms: Any) -> tuple[str, Measured]:
    *_, (html, measured) = handler.answer(*ASKED, *terms)
    assert measured is not None
    return html, measured


def test_progress_comes_before_the_answer(handler: CostHandler) -> None:
    """A sentence for each round, then that with the price, and a row for each setup."""
    *steps, (html, measured) = handler.answer(*ASKED, AMPLE, 0.1)

    assert "Measured 1 of 2 rounds" in "".join(step for step, _ in steps)
    assert "INT8, on your text. At p95 within 60000 ms: " in html
    assert "At 0.1 an hour a million texts cost " in html
    assert measured is not None
    assert len(measured.capacities) == html.count('<th scope="row">')


def test_another_price_is_reckoned_on_what_was_measured(handler: CostHandler) -> None:
    """Free of charge: nothing is measured again; no price, no sentence on it."""
    html, measured = last(handler, AMPLE, None)
    [free] = handler.price(measured, AMPLE, 0.0)
    [missed] = handler.price(measured, NONE, 0.0)

    assert "an hour" not in html
    assert "At 0 an hour a million texts cost 0." in free
    assert "No setup keeps p95 within 1e-06 ms. Nearest: " in missed


def test_before_anything_is_measured_a_price_changes_nothing(handler: CostHandler) -> None:
    """What is said there stays."""
    assert [gr.skip()] == list(handler.price(None, AMPLE, 0.1))


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((None, 0.1), "A limit of 0 ms; expected milliseconds above 0"),
        ((-1.0, 0.1), "A limit of -1 ms; expected"),
        ((20.0, -0.1), "A price of -0.1 an hour; expected 0 or more"),
    ],
)
def test_wrong_terms_are_refused_before_anything_is_measured(
    handler: CostHandler, terms: tuple[float | None, float], expected: str
) -> None:
    """In one sentence."""
    [(refused, nothing)] = handler.answer(*ASKED, *terms)

    assert expected in refused
    assert nothing is None


def test_a_wrong_price_keeps_what_was_measured(handler: CostHandler) -> None:
    """The sentence stands in the answer's place until the price is right."""
    _, measured = last(handler, AMPLE, 0.1)
    [refused] = handler.price(measured, AMPLE, -1.0)
    [answer] = handler.price(measured, AMPLE, 0.1)

    assert "A price of -1 an hour" in refused
    assert "a million texts cost" in answer


def test_when_the_server_ends_so_does_the_measuring(handler: CostHandler) -> None:
    """With a sentence, and no figures."""
    answers = handler.answer(*ASKED, AMPLE, 0.1)
    next(answers)
    handler.service.readiness.draining = True
    *_, (html, measured) = answers

    assert "<table" not in html
    assert measured is None


def test_too_long_a_text_is_refused(handler: CostHandler, ner_home: Path) -> None:
    """As for the recipes."""
    limit = handler.service.bounds.lines_characters
    [(refused, _)] = handler.answer("x" * (limit + 1), False, "tiny#int8", AMPLE, None)

    assert f"over the {limit:,} characters" in refused
