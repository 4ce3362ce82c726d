"""The layers of INT8 on tab 'Choose': progress, chart, and what is said in place of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import service_of

from ner.models.catalogue import ModelSpec
from ner.models.prepared import Prepared
from ner.models.variants import Variant, find_variant
from ner.serving.service import Service
from ner.ui import choose
from ner.ui.layers import LayersHandler

TEXT = "\n".join(["My name is Wolfgang and I live in Berlin."] * 8)


@pytest.fixture
def service() -> Service:
    """The guard, with its usual bounds."""
    return service_of()


@pytest.fixture
def handler(
    service: Service, tiny_prepared: Prepared, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LayersHandler]:
    """That of the page, for the tiny model."""
    monkeypatch.setattr(
        "ner.ui.layers.find_offered", lambda name: Variant(tiny_spec, find_variant("int8").recipe)
    )
    return LayersHandler(service, choose._sample)


def test_progress_comes_before_the_chart(handler: LayersHandler) -> None:
    """A sentence for each graph that was measured, then bars and what follows."""
    *steps, chart = handler.answer(TEXT, False, "tiny#original")

    assert "Measured 1 of 10: as quantized" in steps[0]
    assert "layer 0, attention in floating point" in "".join(steps)
    assert "8 texts" in chart
    assert "int8-careful" in chart


def test_when_the_server_ends_so_does_the_measuring(
    handler: LayersHandler, service: Service
) -> None:
    """With a sentence, and before the next graph."""
    answers = handler.answer(TEXT, False, "tiny#original")
    next(answers)
    service.readiness.draining = True
    *_, last = answers

    assert "<rect" not in last


def test_too_long_a_text_is_refused(handler: LayersHandler, ner_home: Path) -> None:
    """As for the recipes."""
    limit = handler.service.bounds.lines_characters
    [refused] = handler.answer("x" * (limit + 1), False, "tiny#original")

    assert f"over the {limit:,} characters" in refused
