"""Two taggers on one text: aligned, timed in turns; and one alone."""

from __future__ import annotations

from fakes import INT8_WORDS, DictionaryTagger

from ner.comparing.comparison import compare
from ner.comparing.timing import time_in_turns

TEXT = "Wolfgang and Acme Corp left Paris."


def test_both_results_are_aligned() -> None:
    """What either tagger finds is on its side; without a budget each tags once."""
    left, right = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    found = compare(TEXT, left, right)

    assert [TEXT] == left.seen == right.seen
    assert found.agreement is not None
    assert left(TEXT) == found.left.tagged == found.agreement.left
    assert right(TEXT) == found.agreement.right
    assert found.timing is None


def test_a_missing_right_side_is_none_everywhere() -> None:
    """It tags once, whatever the budget; nor is a text without words timed, as it runs no model."""
    left = DictionaryTagger()
    found = compare(TEXT, left, budget_ms=50)

    assert found.right is found.agreement is found.timing is None
    assert [TEXT] == left.seen
    assert compare("  ", left, left, budget_ms=50).timing is None


def test_the_side_that_goes_first_alternates() -> None:
    """Neither always runs on what the other left in the caches."""
    order: list[str] = []

    class Noting(DictionaryTagger):
        def __call__(self, text: str) -> object:  # type: ignore[override]
            order.append(self.name)
            return super().__call__(text)

    left, right = Noting(), Noting()
    object.__setattr__(left, "name", "left")
    object.__setattr__(right, "name", "right")
    time_in_turns(TEXT, left, right, budget_ms=0.001)

    assert ["left", "right", "right", "left"] * 4 == order[:16]
