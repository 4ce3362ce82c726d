"""What was recorded of a model, as a table."""

from __future__ import annotations

from ner.models.catalogue import catalogue
from ner.models.names import find_model
from ner.models.recipes import Variant, find_recipe
from ner.ui.model import describe_model
from ner.ui.views.recorded import _rows, recorded_html, recorded_scores


def test_recorded_scores_are_shown_by_sentence_and_by_document() -> None:
    """Two columns of each; those by document are empty where none were recorded."""
    figures = {"f1": 0.881, "f1_low": 0.87, "f1_high": 0.89}
    plain = {"left": figures, "right": figures, "agreement": 0.99}
    documents = {"left": {**figures, "f1": 0.9}, "right": figures}
    sets = {
        "old/test": plain,
        "new/test": {**plain, "documents": documents, "verdict": {"answer": "yes"}},
    }
    (_, old), (_, new) = _rows({"settings": {}, "sets": sets})

    assert ["87.0–89.0"] * 2 + [""] * 4 == [cell.small for cell in old]
    assert ["87.0–89.0"] * 4 + [""] * 2 == [cell.small for cell in new]
    assert ["88.1", "88.1", "90.0", "88.1", "99.0", "yes"] == [cell.written for cell in new]
    assert "F1 by document" in describe_model(Variant(catalogue()[0], find_recipe("int8")), {})


def test_a_model_without_records_says_so() -> None:
    """And what to do instead."""
    spec = find_model("elastic-distilbert")

    assert () == recorded_scores(spec).rows
    assert "Nothing is recorded for" in recorded_html(spec)


def test_records_are_those_of_the_model() -> None:
    """Where and on what they were measured, apart from what is measured here and now."""
    markup = recorded_html(catalogue()[1])

    assert "evaluation-medical.json" in markup
    assert "evaluation-general.json" not in markup
    assert "Measured before, not here and now" in markup
