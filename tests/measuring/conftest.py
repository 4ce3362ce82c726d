"""The texts that are timed."""

from __future__ import annotations

import pytest

from ner.models.calibration import gate_file, read_texts
from ner.models.names import find_model


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return read_texts(gate_file(find_model("bundled")))[:24]
