"""The mean of two fine-tunings of one checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ner.errors import FileFormatError, InputError
from ner.train.average import average
from ner.train.settings import DataSource

RUN: dict[str, Any] = {
    "settings": {"data": ["letters:1"], "arch": "transformer", "base": "run-1"},
    "labels": ["LOC", "MISC", "ORG", "PER"],
    "steps": 10,
    "best_step": 10,
    "bf16": False,
    "seconds": 1,
    "peak_memory_bytes": 1_000_000_000,
    "padding_share": 0.1,
    "padding_share_fixed_length": 0.5,
    "history": [{"step": 10, "eval_f1": 0.5}],
}
FIRST: dict[str, Any] = {**RUN, "settings": {"data": ["letters:2"], "arch": "transformer"}}


@pytest.fixture
def twins(tmp_path: Path, tiny_checkpoint: Path) -> list[Path]:
    """Two checkpoints that go back to one run; the second one's weights are moved by one."""
    folders = [tmp_path / "run-2", tmp_path / "run-3"]
    for number, folder in enumerate(folders):
        shutil.copytree(tiny_checkpoint, folder)
        record = {**RUN, "seconds": number, "before": FIRST}
        (folder / "metrics.json").write_text(json.dumps(record), "utf-8")
    weights = load_file(folders[1] / "model.safetensors")
    moved = {name: tensor + 1 for name, tensor in weights.items()}
    save_file(moved, folders[1] / "model.safetensors", metadata={"format": "pt"})
    return folders


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    for split in ("train", "dev"):
        (folder / f"{split}.txt").write_text("Wolfgang\tB-PER\nBerlin\tB-LOC\n", "utf-8")
    return folder


def test_average_lies_half_way_and_tells_the_whole_story(
    twins: list[Path], data: Path, tmp_path: Path
) -> None:
    """Weights are means; the card has each run once, in order, and the command of the average."""
    out = tmp_path / "model"

    dev = average(twins, out, data=[DataSource(data)])

    first = load_file(twins[0] / "model.safetensors")
    for name, tensor in load_file(out / "model.safetensors").items():
        torch.testing.assert_close(tensor.float(), first[name].float() + 0.5, atol=2e-3, rtol=2e-3)
    assert 2 == dev["letters"]["support"]
    card = (out / "README.md").read_text("utf-8")
    order = [card.index(text) for text in ("--out run-1", "--out run-2", "--out run-3")]
    assert order == sorted(order)
    assert 1 == card.count("--out run-1")
    assert 2 == card.count("--base run-1")
    assert "python -m ner average run-2 run-3 --data data/letters:1 --out model" in card


def test_checkpoints_that_do_not_fit_are_refused(
    twins: list[Path], data: Path, tmp_path: Path
) -> None:
    """One alone, one of another vocabulary, one that train did not write: each with its reason."""
    out = tmp_path / "model"
    with pytest.raises(InputError, match="at least two"):
        average(twins[:1], out, data=[DataSource(data)])
    tokenizer = twins[1] / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(InputError, match=r"differ in tokenizer\.json"):
        average(twins, out, data=[DataSource(data)])
    (twins[1] / "metrics.json").unlink()
    with pytest.raises(FileFormatError, match="that train wrote"):
        average(twins, out, data=[DataSource(data)])
    assert not out.exists()
