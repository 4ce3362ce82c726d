"""All limits, as one value."""

from __future__ import annotations

import pytest

from ner.errors import InputError
from ner.serving.bounds import Bounds, timing_budget


def test_bounds_come_from_the_environment() -> None:
    """With defaults for what is not there."""
    assert Bounds() == Bounds.read({})
    assert Bounds(requests_per_minute=0, request_burst=5, drain_seconds=3) == Bounds.read(
        {"NER_RATE_PER_MINUTE": "0", "NER_RATE_BURST": "5", "NER_DRAIN_SECONDS": "3"}
    )
    assert 1 == Bounds.read({"NER_RATE_BURST": "0"}).request_burst


@pytest.mark.parametrize("given", ["ten", "-1", "1.5", "9" * 10, "٣"])
def test_a_setting_that_is_no_number_is_refused(given: str) -> None:
    """By its name, with what it could be."""
    with pytest.raises(InputError, match=r"NER_RATE_PER_MINUTE.*such as 600"):
        Bounds.read({"NER_RATE_PER_MINUTE": given})


def test_the_gold_that_is_allowed_fits_a_body() -> None:
    """Whatever its characters: at most four bytes each."""
    bounds = Bounds()

    assert 4 * bounds.gold_characters <= bounds.body_bytes


@pytest.mark.parametrize(
    ("characters", "queued", "expected"),
    [(20, 0, 100.0), (20_000, 0, 100.0), (2_000, 1, 25.0), (2_001, 1, 0.0)],
)
def test_timing_is_shortened_while_others_wait(
    characters: int, queued: int, expected: float
) -> None:
    """Alone any text is timed; a long one is not while others wait."""
    assert expected == timing_budget(characters, queued)
