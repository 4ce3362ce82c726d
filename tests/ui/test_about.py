"""Tab 'About': facts come from the manifest, the records and the card, and are escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from fakes import FakeSides, loader_of, service_of
from markupsafe import escape

from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared
from ner.models.recipes import RECIPES, Variant, find_recipe
from ner.ui import about
from ner.ui.about import describe_model
from ner.ui.jobs import Site

INT8 = find_recipe("int8")


def test_the_manifest_is_told(
    tiny_spec: ModelSpec, tiny_prepared: Prepared, tiny_original: Prepared
) -> None:
    """Sizes, gate, quantization settings and versions, and the command that repeats it."""
    markup = about._describe(Variant(tiny_spec, INT8))
    for said in (
        "How INT8 was made",
        "SmoothQuant 0.95",
        "openvino 2026",
        "ner prepare --model tiny --recipe int8",
        escape(tiny_prepared.manifest.gate.summary),
        INT8.advice,
        ">a company, club, authority, band</td>",
        "Ada Lovelace",
    ):
        assert said in markup


def test_every_recipe_has_a_row(monkeypatch: pytest.MonkeyPatch, tiny_spec: ModelSpec) -> None:
    """One that was not made says so, and how it comes to be."""
    monkeypatch.setattr(about, "find_prepared", lambda _: None)
    markup = about._describe(Variant(tiny_spec, INT8))
    assert len(RECIPES) == markup.count("not made here yet")
    assert "It has not been made of this model here yet: tag a text with it" in markup


def test_names_from_elsewhere_are_escaped(
    monkeypatch: pytest.MonkeyPatch, tiny_spec: ModelSpec, tiny_prepared: Prepared
) -> None:
    """Labels and titles are foreign data."""
    hostile = "<img src=x onerror=alert(1)>"
    manifest = replace(tiny_prepared.manifest, labels=(hostile,))
    monkeypatch.setattr(about, "find_prepared", lambda _: replace(tiny_prepared, manifest=manifest))
    assert "<img" not in about._describe(Variant(replace(tiny_spec, title=hostile), INT8))


def test_the_card_is_shown_without_its_header(tiny_spec: ModelSpec, tmp_path: Path) -> None:
    """The YAML on top of a card is for machines."""
    text = "---\nlicense: apache-2.0\n---\n# Title\n\n<b>Text</b> [x](javascript:alert(1))\n"
    (tmp_path / "README.md").write_text(text)
    markup = about._card(replace(tiny_spec, folder=tmp_path))
    assert "<h1>Title</h1>" in markup
    assert "license" not in markup
    assert "&lt;b&gt;Text" in markup
    assert 'href="javascript' not in markup
    assert about._card(replace(tiny_spec, folder=None, repo_id="owner/name")) == ""


def test_a_model_that_is_not_prepared_is_described_all_the_same() -> None:
    """A Hub model that was never fetched; an unknown one gets a sentence."""
    told = describe_model("elastic-distilbert")
    assert "elastic/distilbert-base-cased-finetuned-conll03-english" in told
    assert "There is no model called" in describe_model("../../etc")


REQUEST = SimpleNamespace(session_hash="a visitor", request=None)


@pytest.mark.parametrize("typed", ["", None, "no slash", "a/b/c", "../x", "<img src=x>", "a" * 200])
def test_what_is_no_id_is_refused_and_nothing_is_loaded(
    typed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence, escaped; the list of models stays as it is."""
    monkeypatch.setenv("NER_ALLOW_HUB", "1")
    sides = FakeSides()
    fetch = about._fetching(lambda *_: ())(Site(loader_of(sides), service_of()))
    [(said, *updates)] = fetch(REQUEST, typed)
    assert "is not the id of a model" in said
    assert "<img" not in said
    assert [gr.skip()] * 3 == updates
