"""The card of an exported variant: what the Hub reads of it, and what people do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import gate_of
from huggingface_hub import ModelCard

from ner.deploy.card import variant_card
from ner.deploy.records import latency_row, recorded_sets
from ner.models.folder import Prepared
from ner.models.names import find_model
from ner.models.recipes import RECIPES, Recipe, Variant, find_recipe

RESULTS = Path(__file__).parents[2] / "assets" / "results"


Card = Callable[..., str]


@pytest.fixture
def card_of(tiny_original: Prepared, tiny_prepared: Prepared) -> Card:
    """The card of a variant over the tiny model's folders, its manifest changed."""

    def card(
        model: str = "bundled",
        recipe: str = "int8",
        pipeline: dict[str, float] | None = None,
        **changes: Any,
    ) -> str:
        variant = Variant(find_model(model), find_recipe(recipe))
        prepared = replace(tiny_prepared, manifest=replace(tiny_prepared.manifest, **changes))
        return variant_card(variant, tiny_original, prepared, "someone/ner-int8", pipeline=pipeline)

    return card


def test_the_hub_reads_each_recorded_score(card_of: Card) -> None:
    """Model-index: every recorded set of this variant, with its figures and no other's."""
    data = ModelCard(card_of()).data
    read = {
        (result.dataset_name, result.metric_type): result.metric_value
        for result in data.eval_results or ()
    }
    record = json.loads((RESULTS / "evaluation-general.json").read_text())

    assert data.pipeline_tag == "token-classification"
    assert data.library_name == "optimum"
    assert data.license == "apache-2.0"
    assert {"openvino", "nncf", "int8"} <= set(data.tags or ())
    assert data.model_name == "ner-int8"
    assert len(read) == 3 * len(recorded_sets("bundled", "int8"))
    for name, result in record["sets"].items():
        right = result["right"]
        values = {"f1": right["f1"]["value"], "precision": right["precision"]}
        for metric, value in {**values, "recall": right["recall"]}.items():
            assert read[(name, metric)] == value


def test_without_a_record_the_gate_speaks(card_of: Card) -> None:
    """Its agreement is the score, and called so; too few entities are told."""
    card = card_of("hub:someone/else", gate=gate_of(0.94, 150))
    [result] = ModelCard(card).data.eval_results or ()

    assert result.metric_value == 0.94
    assert result.metric_name == "F1 of its entities against the original's"
    assert "| 94.0 % agreement (92.0–96.0) on 150 entities, 95 % needed: undecided, " in card
    assert "median" not in card


def test_people_read_both_sides_figures(card_of: Card, tiny_prepared: Prepared) -> None:
    """Size, agreement, latency and F1 side by side; steps, versions and hashes."""
    card = card_of()
    name, digest = next(iter(tiny_prepared.manifest.files.items()))

    assert "| conll2003/test.docs | 89.1 (88.3–90.0) | 88.9 (88.1–89.8) | 88.4 (86.6" in card
    assert re.search(r"\| [\d.]+ ms \| [\d.]+ ms \|", card)
    assert f"| {digest} |" in card
    assert name.replace("_", "\\_") in card
    assert "NNCF post-training quantization: mixed preset, SmoothQuant 0.95" in card
    assert "python -m ner export --model bundled --recipe int8 --out DIR" in card
    assert 'folder = "someone/ner-int8"' in card
    for package, version in tiny_prepared.manifest.build.versions.items():
        assert f"{package} {version}" in card


def test_a_foreign_model_is_told_no_more_than_is_known(card_of: Card) -> None:
    """No language, no meaning of its labels; labels that are markup stay text."""
    card = card_of("hub:someone/else", labels=("PER", "<img src=x>", "a|b"))
    data = ModelCard(card).data

    assert data.language is None
    assert data.base_model == "someone/else"
    assert data.license == "unknown"
    assert "tags PER, \\<img src=x\\>, a\\|b." in card
    assert "English" not in card.replace("general English", "")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_recipe_has_a_card(card_of: Card, tiny_prepared: Prepared, recipe: Recipe) -> None:
    """The original compares itself with nothing; each step of the others is told."""
    card = card_of(
        recipe=recipe.name, build=replace(tiny_prepared.manifest.build, steps=recipe.steps)
    )

    assert f"**{recipe.title}**" in card
    assert ("| Step 2 |" in card) == bool(recipe.steps)
    assert (f"|  | Original | {recipe.title} |" in card) == (recipe.name != "original")


def test_the_example_says_how_well_it_agrees(card_of: Card) -> None:
    """The aggregation that agrees best stands in it; untried, it says so."""
    measured = card_of(pipeline={"simple": 0.991, "first": 0.606})

    assert 'aggregation_strategy="simple"' in measured
    assert "with `simple` agrees best" in measured
    assert "F1 99.1 % (`first` 60.6)" in measured
    assert "was not tried" in card_of()


def test_records_of_another_recipe_are_not_quoted() -> None:
    """What was measured of INT8 says nothing of INT4."""
    assert recorded_sets("bundled", "int4") == ()
    assert latency_row("bundled", "int4") is None
    assert recorded_sets("nobody", "int8") == ()
