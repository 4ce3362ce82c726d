"""Memory of a process with one contender."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ner.choosing.contenders import Contender
from ner.choosing.memory import MemoryPlan, measure_footprint
from ner.errors import Failure
from ner.models.open import Sides

PLAN = MemoryPlan(singles=5, files=2, file_texts=20)


def test_memory_is_read_three_times(tiny_sides: Sides) -> None:
    """In bytes, while the contender is held; it is measured once."""
    opening = Contender.of(tiny_sides.both[1]).opening
    assert opening is not None
    found = measure_footprint(opening, PLAN)

    assert found.seconds > 0
    assert 30e6 < found.loaded < 2e9
    assert all(20e6 < bytes_held < 2e9 for bytes_held in (found.after_singles, found.after_files))
    assert found is measure_footprint(opening, PLAN)


def test_each_build_of_a_variant_is_measured_for_itself(tiny_sides: Sides) -> None:
    """A model that was made anew under its name may hold more."""
    side = tiny_sides.both[1]
    again = replace(side, origin=replace(side.origin, weights="made anew"))

    assert Contender.of(side).opening == Contender.of(side).opening
    assert Contender.of(side).opening != Contender.of(again).opening


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    """Its last line."""
    with pytest.raises(Failure, match="exit code 1"):
        measure_footprint(("ner.choosing.contenders", "open_alone", str(tmp_path)), PLAN)
