"""The mean of two fine-tunings of one checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ner.errors import FileFormatError, InputError
from ner.train.average import average
from ner.train.settings import Source

RECORD = {
    "settings": {"data": ["letters:1"], "base": "run-1"},
    "labels": ["LOC", "MISC", "ORG", "PER"],
    "steps": 10,
    "best_step": 10,
    "bf16": False,
    "seconds": 1,
    "history": [{"step": 10, "eval_f1": 0.5}],
}


@pytest.fixture
def twins(tmp_path: Path, tiny_checkpoint: Path) -> list[Path]:
    """Two checkpoints that go back to one run; the second one's weights are moved by one."""
    folders = [tmp_path / "run-2", tmp_path / "run-3"]
    for number, folder in enumerate(folders):
        shutil.copytree(tiny_checkpoint, folder)
        (folder / "metrics.json").write_text(json.dumps({**RECORD, "seconds": number}), "utf-8")
    weights = load_file(folders[1] / "model.safetensors")
    moved = {name: tensor + 1 for name, tensor in weights.items()}
    save_file(moved, folders[1] / "model.safetensors", metadata={"format": "pt"})
    return folders


def test_average_lies_half_way_and_keeps_the_records(
    twins: list[Path], data: Path, tmp_path: Path
) -> None:
    """Weights are means; the record has those of all runs."""
    out = tmp_path / "model"

    dev = average(twins, out, data=[Source(data)])

    first = load_file(twins[0] / "model.safetensors")
    for name, tensor in load_file(out / "model.safetensors").items():
        torch.testing.assert_close(tensor.float(), first[name].float() + 0.5, atol=2e-3, rtol=2e-3)
    assert dev["letters"]["support"] > 20
    record = json.loads((out / "metrics.json").read_text("utf-8"))
    assert [0, 1] == [run["seconds"] for run in record["averaged"]]
    assert "python -m ner average" in (out / "README.md").read_text("utf-8")


def test_checkpoints_that_do_not_fit_are_refused(
    twins: list[Path], data: Path, tmp_path: Path
) -> None:
    """One alone, one of another vocabulary, one that train did not write: each with its reason."""
    out = tmp_path / "model"
    with pytest.raises(InputError, match="at least two"):
        average(twins[:1], out, data=[Source(data)])
    tokenizer = twins[1] / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(InputError, match=r"differ in tokenizer\.json"):
        average(twins, out, data=[Source(data)])
    (twins[1] / "metrics.json").unlink()
    with pytest.raises(FileFormatError, match="that train wrote"):
        average(twins, out, data=[Source(data)])
    assert not out.exists()
