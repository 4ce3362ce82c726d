"""Tab 'Model': facts come from the manifest, the records and the card, and are escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ner.models.catalogue import LABEL_EXAMPLES, ModelSpec, catalogue
from ner.models.manifest import Gate
from ner.models.opened import Sides
from ner.models.prepared import Prepared
from ner.ui.model import ModelHandler, _card, describe_model


def test_the_manifest_is_told(tiny_spec: ModelSpec, tiny_prepared: Prepared) -> None:
    """Sizes, gate, quantization settings and versions, and the command that repeats it."""
    markup = describe_model(tiny_spec, tiny_prepared)

    for said in (
        "Original, FP32",
        "SmoothQuant alpha",
        "openvino 2026",
        "ner prepare --model tiny",
    ):
        assert said in markup


def test_labels_are_explained(tiny_sides: Sides) -> None:
    """What each stands for, with an example."""
    markup = describe_model(tiny_sides.spec, None)

    assert "<td>organization</td>" in markup
    assert "Ada Lovelace" in markup
    assert "have not been made here yet" in markup


def test_names_from_elsewhere_are_escaped(tiny_spec: ModelSpec) -> None:
    """Labels and titles are foreign data."""
    hostile = "<img src=x onerror=alert(1)>"
    markup = describe_model(replace(tiny_spec, title=hostile, label_names={hostile: hostile}), None)

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
    passed = "97.9 % agreement on 510 entities (95 % needed)"
    assert passed == Gate(f1=0.979, entities=510).summary
    assert "not passed, INT8 is not served" in Gate(f1=0.5, entities=510).summary
    assert "not established, under 200" in Gate(f1=0.5, entities=199).summary


def test_an_unknown_model_gets_a_sentence() -> None:
    """No path, no trace."""
    markup, _ = ModelHandler().answer("../../etc")

    assert "There is no model called" in markup


def test_every_model_of_the_catalogue_explains_its_labels() -> None:
    """No label without an example."""
    for spec in catalogue():
        assert set(spec.label_names) <= set(LABEL_EXAMPLES)
