"""The texts that are measured on."""

from __future__ import annotations

import pytest

from ner.models.calibration import gate_file, read_texts
from ner.models.catalogue import catalogue


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return read_texts(gate_file(catalogue()[0]))[:24]
