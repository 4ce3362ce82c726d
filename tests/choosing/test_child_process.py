"""Measuring with peers in a process of its own, on the tiny model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from ner.choosing.child_process import measure_apart
from ner.choosing.measure import Sample, measure_model
from ner.choosing.memory import MemoryPlan
from ner.errors import Failure
from ner.models.catalogue import ModelSpec
from ner.models.recipes import ORIGINAL, RECOMMENDED, Variant, find_recipe
from ner.progress import Progress, finish

PLAN = MemoryPlan(1, 0, 0)
RECIPES = [find_recipe(ORIGINAL)]


@pytest.mark.usefixtures("tiny_sides")
def test_recipes_and_peers_are_measured_together(tiny_spec: ModelSpec, texts: list[str]) -> None:
    """In one run, with the progress of `measure`; peers find what the original finds."""
    steps: list[Progress] = []
    beside = [Variant(tiny_spec, find_recipe(RECOMMENDED))]
    sample = Sample(tuple(" ".join(text.split()[:8]) for text in texts[:3]))
    work = partial(measure_model, tiny_spec, RECIPES, sample, PLAN, beside=beside, peers=())
    measured = finish(measure_apart(work), steps.append)
    by_title = {one.title: one for one in measured}
    agreement = by_title["PyTorch"].agreement_at()

    assert {"Original", "INT8", "PyTorch", "PyTorch dynamic INT8"} <= set(by_title)
    assert agreement is not None
    assert 1.0 == agreement.value
    for one in measured:
        assert one.footprint is not None
        # The libraries of PyTorch are a part of what it holds.
        assert one.footprint.loaded > (100e6 if "PyTorch" in one.title else 20e6)
    assert "memory of PyTorch" in [step.what for step in steps]
    assert steps[-1].done == steps[-1].total


def test_closing_it_ends_the_process(tiny_spec: ModelSpec) -> None:
    """Before anything was measured as well."""
    before = set(active_children())
    steps = measure_apart(partial(measure_model, tiny_spec, RECIPES, Sample(("A text.",)), PLAN))
    assert "opening" in next(steps).what
    assert set(active_children()) - before
    steps.close()
    assert not set(active_children()) - before


def test_what_is_refused_there_is_told_here(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """As a sentence, not as the end of a process."""
    (tmp_path / "config.json").write_text('{"model_type": "of our own"}', encoding="utf-8")
    unknown = replace(tiny_spec, folder=tmp_path)
    with pytest.raises(Failure, match=tmp_path.name):
        work = partial(measure_model, unknown, RECIPES, Sample(("A text.",)), PLAN)
        finish(measure_apart(work))
