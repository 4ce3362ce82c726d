"""Whatever is given, there is an answer or a refusal in words: texts, files and arguments."""

from __future__ import annotations

import pytest
from evidence.properties import PROPERTIES, Property, over_http, tagging

from ner.models.open import Sides

# The second number only where everything is tried: over 10,000 cases in all.
CASES = (200, pytest.param(1_000, marks=pytest.mark.full))
HTTP_CASES = (60, pytest.param(300, marks=pytest.mark.full))


@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.name)
def test_it_holds(one: Property, cases: int) -> None:
    """On as many cases as that."""
    assert one.try_on(cases) > 0


@pytest.mark.parametrize("cases", CASES)
def test_a_real_model_tags_any_text(tiny_sides: Sides, cases: int) -> None:
    """With all aggregations, both variants and several thresholds."""
    assert tagging(tiny_sides).try_on(cases) > 0


@pytest.mark.parametrize("cases", HTTP_CASES)
@pytest.mark.parametrize("number", [0, 1], ids=["requests", "calls"])
def test_it_holds_over_http(fake_url: str, number: int, cases: int) -> None:
    """Any request to any route, and any call of the three endpoints to its end."""
    assert over_http(fake_url)[number].try_on(cases) > 0
