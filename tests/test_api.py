"""``ner.evaluate``: gold of other labels, as a file and as annotated texts."""

from __future__ import annotations

from pathlib import Path

import pytest

import ner
from ner.errors import InputError
from ner.files.gold import read_gold
from ner.models.catalogue import ModelSpec
from ner.models.open import Sides


def test_labels_of_gold_are_given_other_names(
    tiny_sides: Sides, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """By a map as the refusal suggests it, written or as a dict; the reading is told."""
    file = tmp_path / "gold.conll"
    file.write_text("Wolfgang\tB-PERSON\nin\tO\nBerlin\tB-GPE\n")
    model = str(tiny_spec.folder)
    sides = {"left": f"{model}#original", "right": f"{model}#int8"}
    with pytest.raises(InputError, match="--map GPE=LOC,PERSON=PER"):
        ner.evaluate(file, **sides)

    names = {"GPE": "LOC", "PERSON": "PER"}
    for gold, map in ((file, "GPE=LOC,PERSON=PER"), (file, names), (read_gold(file), names)):
        report = ner.evaluate(gold, map=map, reading="whole", **sides)
        assert {"LOC", "PER"} == {*report.json()["labels"]}
        assert "whole" == report.json()["provenance"]["reading"]


def test_numbers_in_gold_are_the_models_tags(
    tiny_sides: Sides, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """As a data set of the Hub holds them."""
    file = tmp_path / "gold.json"
    file.write_text('[{"tokens": ["Wolfgang", "in", "Berlin"], "ner_tags": [1, 0, 5]}]')
    model = str(tiny_spec.folder)
    tags = tiny_sides.left.tagger.model.scheme.tags
    report = ner.evaluate(file, left=f"{model}#original", right=f"{model}#int8")

    assert {tags[1][2:], tags[5][2:]} == {*report.json()["labels"]}
