"""Preparing in a child process: what it says arrives here whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ner.errors import ModelRefused, PrepareFailed
from ner.models.catalogue import ModelSpec
from ner.models.names import find_model
from ner.models.open import open_sides
from ner.models.recipes import default_sides


def test_a_refusal_in_the_child_is_a_refusal_here(tiny_spec: ModelSpec, home: Path) -> None:
    """The message crosses the process border whole."""
    folder = home / "broken"
    shutil.copytree(str(tiny_spec.folder), folder)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(ModelRefused, match="code of its own"):
        open_sides(*default_sides(find_model(str(folder))))


def test_without_the_hub_a_hub_model_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within seconds, and the bundled model is pointed at."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(PrepareFailed, match="not available from the Hub"):
        open_sides(*default_sides(find_model("elastic-distilbert")))
