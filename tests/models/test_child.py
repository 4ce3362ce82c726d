"""Preparing in a child process: what it says arrives here whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner.errors import PrepareFailed
from ner.models.names import find_model
from ner.models.open import open_sides
from ner.models.recipes import default_sides

pytestmark = pytest.mark.slow


def test_without_the_hub_a_hub_model_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within seconds, and the bundled model is pointed at."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(
        PrepareFailed,
        match=r"can't be reached from here.* The bundled model",
    ):
        open_sides(*default_sides(find_model("elastic-distilbert")))
