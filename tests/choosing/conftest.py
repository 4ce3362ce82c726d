"""The texts that are measured on."""

from __future__ import annotations

import pytest

from ner.models.calibration import project_texts


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return list(project_texts("general", "gate")[:24])
