"""Tab 'Model': facts come from the manifest, the records and the card, and are escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes import gate_of
from markupsafe import escape

from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared
from ner.models.recipes import RECIPES, Variant, find_recipe
from ner.ui.model import ModelHandler, _card, describe_model, made_of

INT8 = find_recipe("int8")


def test_the_manifest_is_told(
    tiny_spec: ModelSpec, tiny_prepared: Prepared, tiny_original: Prepared
) -> None:
    """Sizes, gate, quantization settings and versions, and the command that repeats it."""
    made = made_of(tiny_spec)
    markup = describe_model(Variant(tiny_spec, INT8), made)

    assert {"original", "bf16", "int8"} <= set(made)
    for said in (
        "How INT8 was made",
        "SmoothQuant 0.95",
        "openvino 2026",
        "ner prepare --model tiny --recipe int8",
        escape(tiny_prepared.manifest.gate.summary),
        INT8.advice,
    ):
        assert said in markup


def test_every_recipe_has_a_row(tiny_spec: ModelSpec) -> None:
    """One that was not made says so, and how it comes to be."""
    markup = describe_model(Variant(tiny_spec, INT8), {})

    assert len(RECIPES) == markup.count("not made here yet")
    assert "INT8 has not been made of it here yet: tag a text with it" in markup


def test_labels_are_explained(tiny_spec: ModelSpec, tiny_prepared: Prepared) -> None:
    """What each stands for, with an example."""
    markup = describe_model(Variant(tiny_spec, INT8), {"int8": tiny_prepared})

    assert "<td>organization</td>" in markup
    assert "Ada Lovelace" in markup


def test_names_from_elsewhere_are_escaped(tiny_spec: ModelSpec, tiny_prepared: Prepared) -> None:
    """Labels and titles are foreign data."""
    hostile = "<img src=x onerror=alert(1)>"
    spec = replace(tiny_spec, title=hostile)
    manifest = replace(tiny_prepared.manifest, labels=(hostile,))
    markup = describe_model(
        Variant(spec, INT8), {"int8": replace(tiny_prepared, manifest=manifest)}
    )

    assert "<img" not in markup


def test_the_card_is_shown_without_its_header(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """The YAML on top of a card is for machines."""
    text = "---\nlicense: apache-2.0\n---\n# Title\n\n<b>Text</b> [x](javascript:alert(1))\n"
    (tmp_path / "README.md").write_text(text)
    markup = _card(replace(tiny_spec, folder=tmp_path))

    assert "<h1>Title</h1>" in markup
    assert "license" not in markup
    assert "&lt;b&gt;Text" in markup
    assert 'href="javascript' not in markup
    assert _card(replace(tiny_spec, folder=None, repo_id="owner/name")) == ""


def test_a_model_that_is_not_prepared_is_described_all_the_same() -> None:
    """A Hub model that was never fetched."""
    markup, card = ModelHandler().answer("elastic-distilbert")

    assert "elastic/distilbert-base-cased-finetuned-conll03-english" in markup
    assert card == ""


def test_the_check_when_made_is_told_in_words() -> None:
    """What was reached and needed; that it did not pass, or that too little was found to tell."""
    passed = "98.0 % agreement (96.0–100.0) on 510 entities, 95 % needed"
    assert passed == gate_of(0.98, 510).summary
    assert "not passed, not served" in gate_of(0.5, 510).summary
    assert "undecided, about" in gate_of(0.96, 510).summary
    assert gate_of(1.0, 0).summary.startswith("no entities were found to compare")


def test_an_unknown_model_gets_a_sentence() -> None:
    """No path, no trace."""
    markup, _ = ModelHandler().answer("../../etc")

    assert "There is no model called" in markup
