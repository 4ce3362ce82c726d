"""The model card: what the Hub reads of it, and what people do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from huggingface_hub import ModelCard

from ner.deploy.model_card import CardFacts, model_card
from ner.deploy.picture import scores_picture
from ner.deploy.recorded import recorded_latency, recorded_sets
from ner.models.folder import Gate, Prepared
from ner.models.names import find_model
from ner.models.recipes import RECIPES, Variant, find_recipe

RESULTS = Path(__file__).parents[2] / "assets" / "results"


@pytest.fixture
def facts(tiny_original: Prepared, tiny_prepared: Prepared) -> CardFacts:
    """The bundled model's records over the tiny model's folders."""
    return CardFacts(
        Variant(find_model("bundled"), find_recipe("int8")),
        tiny_original,
        tiny_prepared,
        "someone/ner-int8",
        {"openvino_model.bin": (12345, "ab" * 32)},
        None,
        recorded_sets("bundled", "int8"),
        recorded_latency("bundled", "int8"),
    )


def test_the_hub_reads_each_recorded_score(facts: CardFacts) -> None:
    """Model-index: every recorded set of this variant, with its figures and no other's."""
    data = ModelCard(model_card(facts)).data
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
    assert len(read) == 3 * len(facts.sets)
    for name, result in record["sets"].items():
        for metric in ("f1", "precision", "recall"):
            assert read[(name, metric)] == result["right"][metric]


def test_without_a_record_the_gate_speaks(facts: CardFacts) -> None:
    """Its agreement is the score, and called so."""
    card = model_card(replace(facts, sets=(), latency=None))
    [result] = ModelCard(card).data.eval_results or ()
    gate = facts.manifest.gate

    assert gate is not None
    assert result.metric_value == gate.f1
    assert result.metric_name == "F1 of its entities against the original's"
    assert "scores.svg" not in card
    assert "median" not in card


def test_people_read_both_sides_figures(facts: CardFacts) -> None:
    """Size, agreement, latency and F1 side by side; steps, versions and hashes."""
    card = model_card(facts)

    assert "| conll2003/test.docs | 88.4 (87.4–89.3) | 88.4 (87.5–89.3) | 98.8 |" in card
    assert "| 5.90 ms | 3.50 ms |" in card
    assert f"| openvino\\_model.bin | 12,345 | {'ab' * 32} |" in card
    assert "NNCF post-training quantization: mixed preset, SmoothQuant 0.95" in card
    assert "python -m ner export --model bundled --recipe int8 --out DIR" in card
    assert 'folder = "someone/ner-int8"' in card
    for name, version in facts.manifest.build.versions.items():
        assert f"{name} {version}" in card


def test_a_foreign_model_is_told_no_more_than_is_known(facts: CardFacts) -> None:
    """No language, no meaning of its labels; labels that are markup stay text."""
    spec = replace(find_model("hub:someone/else"), title="someone/else")
    labels = ("PER", "<img src=x>", "a|b")
    prepared = replace(facts.prepared, manifest=replace(facts.manifest, labels=labels))
    facts = replace(
        facts, variant=Variant(spec, facts.recipe), prepared=prepared, sets=(), latency=None
    )
    card = model_card(facts)
    data = ModelCard(card).data

    assert data.language is None
    assert data.base_model == "someone/else"
    assert data.license == "unknown"
    assert "tags PER, \\<img src=x\\>, a\\|b." in card
    assert "English" not in card.replace("general English", "")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_recipe_has_a_card(facts: CardFacts, recipe: object) -> None:
    """The original compares itself with nothing; each step of the others is told."""
    build = replace(facts.manifest.build, steps=recipe.steps)  # type: ignore[attr-defined]
    prepared = replace(facts.prepared, manifest=replace(facts.manifest, build=build))
    variant = replace(facts.variant, recipe=recipe)
    card = model_card(replace(facts, variant=variant, prepared=prepared, sets=()))

    assert f"**{recipe.title}**" in card  # type: ignore[attr-defined]
    assert card.count("\n2. ") == bool(recipe.steps)  # type: ignore[attr-defined]
    assert ("## The original" in card) == (recipe.name == "original")  # type: ignore[attr-defined]


def test_a_gate_of_few_entities_is_told(facts: CardFacts) -> None:
    """It decided nothing, and the card doesn't claim that it did."""
    manifest = replace(facts.manifest, gate=Gate(0.9, 150))
    card = model_card(replace(facts, prepared=replace(facts.prepared, manifest=manifest)))

    assert "| 90.0 % of 150 entities, too few to decide |" in card


def test_the_picture_stands_alone_and_keeps_its_scale(facts: CardFacts) -> None:
    """Well-formed SVG with a row for each set, every mark on the scale."""
    picture = ElementTree.fromstring(str(scores_picture(facts.sets, "INT8")))  # noqa: S314
    circles = [node for node in picture.iter() if node.tag.endswith("circle")]
    lines = [node for node in picture.iter() if node.tag.endswith("line")]

    assert len(circles) == 1 + len(facts.sets)
    assert all(240 <= float(line.attrib[end]) <= 620 for line in lines for end in ("x1", "x2"))
    assert {"original", "INT8", *(held.title for held in facts.sets)} <= {
        node.text for node in picture.iter() if node.text
    }


def test_records_of_another_recipe_are_not_quoted() -> None:
    """What was measured of INT8 says nothing of INT4."""
    assert recorded_sets("bundled", "int4") == ()
    assert recorded_latency("bundled", "int4") is None
    assert recorded_sets("nobody", "int8") == ()
