"""The texts that are timed."""

from __future__ import annotations

import pytest

from ner.models.catalogue import find, gate_file, read_texts


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return read_texts(gate_file(find("bundled")))[:24]
