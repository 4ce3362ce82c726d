"""How long making a recipe takes, as it is told beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.choosing import contenders
from ner.choosing.contenders import seconds_to_make
from ner.models.folder import Prepared
from ner.models.names import resolve


def test_calibration_takes_longest(ner_home: Path) -> None:
    """Where nothing is made yet the usual size is taken; the steps differ as they were measured."""
    calibrated, careful, weights, four_bits = (
        seconds_to_make(resolve(name)) for name in ("int8", "int8-careful", "int8-weights", "int4")
    )

    assert calibrated == careful
    assert weights == four_bits
    assert 11 <= calibrated - weights <= 12


def test_a_smaller_original_takes_less(
    ner_home: Path, tiny_original: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What remains of next to nothing is the start and the check, for either kind."""
    usual = seconds_to_make(resolve("int8"))
    monkeypatch.setattr(contenders, "find_prepared", lambda variant: tiny_original)

    assert seconds_to_make(resolve("int8")) < usual
    assert seconds_to_make(resolve("int8")) == seconds_to_make(resolve("int4"))
