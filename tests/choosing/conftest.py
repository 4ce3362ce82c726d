"""The texts that are measured on."""

from __future__ import annotations

import pytest

from ner.models.calibration import read_texts, texts_file
from ner.models.catalogue import catalogue


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return read_texts(texts_file(catalogue()[0], "gate"))[:24]
