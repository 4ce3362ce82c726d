"""The exported folder: loaded by Optimum as it stands, with the same entities, card and hashes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tagging.test_tagger import assert_equals_pipeline

from ner.deploy.export import export_model
from ner.errors import InputError
from ner.models.calibration import project_texts
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared, sha256
from ner.models.names import find_model
from ner.models.open import open_side
from ner.models.recipes import Variant, default_sides
from ner.tagging.decode import Aggregation


@pytest.fixture(scope="module")
def tiny_int8(tiny_prepared: Prepared, tiny_spec: ModelSpec) -> Variant:
    """The tiny model by the recommended recipe, prepared."""
    return default_sides(tiny_spec)[1]


@pytest.fixture(scope="module")
def exported(tiny_int8: Variant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, exported."""
    folder = tmp_path_factory.mktemp("exported") / "tiny-int8"
    export_model(tiny_int8, folder)
    return folder


def test_optimum_loads_it_and_finds_the_same(exported: Path, tiny_int8: Variant) -> None:
    """Through transformers' pipeline, on texts that the tiny model reads whole."""
    texts = [text for text in project_texts("general", "gate") if len(text) < 120][:60]

    assert_equals_pipeline(open_side(tiny_int8), exported, texts, Aggregation.FIRST)


@pytest.mark.full
def test_optimum_finds_the_same_with_the_bundled_model(ner_home: Path, tmp_path: Path) -> None:
    """The same for the model that ships, on all of its gate texts."""
    spec = find_model("bundled")
    variant = default_sides(spec)[1]
    folder = tmp_path / "bundled-int8"
    export_model(variant, folder)

    texts = project_texts(spec.texts, "gate")
    assert_equals_pipeline(open_side(variant), folder, texts, Aggregation.FIRST)


def test_the_files_are_the_prepared_ones(exported: Path, tiny_prepared: Prepared) -> None:
    """Byte for byte; nothing beside them but the card."""
    files = tiny_prepared.manifest.files
    for name, digest in files.items():
        assert sha256(exported / name) == digest
    assert {file.name for file in exported.iterdir()} == {*files, "README.md"}


def test_the_cards_python_runs_as_it_stands(exported: Path) -> None:
    """The example, in the folder that holds the exported one."""
    card = (exported / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=exported.parent, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[{'entity_group': ")
    # A BERT tokenizer's words are ours; texts that ours reads in parts are not all the same.
    assert "with `first` agrees best" in card
    [score] = re.findall(r"F1 ([\d.]+) %", card.partition("agrees best")[2])
    assert float(score) > 80


def test_a_withheld_variant_is_exported_only_when_asked_for(
    tiny_int8: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal says why and which flag; its card says why too."""
    reason = "INT8 of this model is not served: its gate."
    monkeypatch.setattr("ner.models.open.withheld_reason", lambda *_: reason)
    with pytest.raises(InputError, match=r"not served: its gate\..*--even-if-withheld"):
        export_model(tiny_int8, tmp_path / "out")
    assert not (tmp_path / "out").exists()

    monkeypatch.setattr("ner.deploy.export.measure_pipeline", lambda *_: None)
    _, withheld = export_model(tiny_int8, tmp_path / "out", even_if_withheld=True)
    assert withheld == reason
    assert f"## Withheld\n\n{reason}" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_model_that_optimum_does_not_know_is_refused(
    tiny_int8: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_prepared: Prepared
) -> None:
    """Our BiLSTM."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bilstm"}')
    monkeypatch.setattr(
        "ner.deploy.export.ensure_prepared",
        lambda *_, **__: replace(tiny_prepared, folder=folder),
    )
    with pytest.raises(InputError, match=r"is a bilstm, which Optimum Intel does not load"):
        export_model(tiny_int8, tmp_path / "out")
