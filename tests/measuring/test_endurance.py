"""Many texts in a process of their own."""

from __future__ import annotations

from ner.entities import Tagged
from ner.measuring.endurance import endure, measure_endurance
from ner.models.open import Sides


def test_endurance_runs_in_a_process_of_its_own(tiny_sides: Sides, texts: list[str]) -> None:
    """Growth, tenfold time and whether a batch changes anything, of many texts."""
    endurance = measure_endurance(tiny_sides.both[1].variant, texts, 200)

    assert endurance.texts == 200
    assert endurance.batch_equals_single == 1.0
    assert endurance.tenfold > 1


def test_a_batch_that_changes_entities_is_seen(tiny_sides: Sides, texts: list[str]) -> None:
    """The share of texts whose entities are the same in a batch and alone."""

    class ForgetsInBatches:
        def tag_many(self, texts: list[str]) -> list[Tagged]:
            found = tiny_sides.left.tagger.tag_many(texts)
            return found if len(texts) == 1 else [Tagged(text, ()) for text in texts]

    empty = sum(not tagged.entities for tagged in tiny_sides.left.tagger.tag_many(texts))
    found = endure(ForgetsInBatches(), texts, 10)

    assert empty / len(texts) == found.batch_equals_single < 1
