"""The card of a checkpoint tells what was measured, and nothing else."""

from __future__ import annotations

import inspect
import json
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from ner.cli.train import train
from ner.models.catalogue import catalogue
from ner.train.card import checkpoint_card, stages
from ner.train.settings import Arch, Source, TrainSettings, command_of

METRICS: dict[str, Any] = {
    "settings": {"data": ["conll2003:1", "letters:0.5:PER"], "epochs": 3.0, "base": "bundled"},
    "labels": ["PER", "Ship"],
    "dev": {"conll2003": {"precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 1234}},
    "steps": 100,
    "best_step": 90,
    "bf16": True,
    "seconds": 120,
    "history": [
        {"step": 50, "loss": 0.25},
        {"step": 50, "eval_f1": 0.85},
        {"step": 90, "eval_f1": 0.9},
    ],
}


def test_card_tells_data_scores_command_and_course() -> None:
    """Known sets with content and licence; for others the reader is sent to the set's own terms."""
    text = checkpoint_card(METRICS, "model")
    data = ModelCard(text).data

    assert "| conll2003 | news | all | annotation free; text Reuters, research use only |" in text
    assert "| letters |  | PER | see the set's own terms |" in text
    assert "| conll2003 | 90.0 | 1,234 |" in text
    assert "100 steps, of which step 90 is kept; 2 minutes, BF16 products." in text
    assert "| 90 | 0.2500 | 90.0 |" in text
    assert "started from bundled." in text
    assert data.pipeline_tag == "token-classification"
    assert data.license is None


def test_card_lists_the_data_of_every_run_and_teacher_that_led_to_the_checkpoint() -> None:
    """A run that went on from another one owes its data to both; the records tell the rest."""
    first = {**METRICS, "settings": {"data": ["tweets:1"], "base": None}}
    teacher = {**METRICS, "settings": {"data": ["laws:1"], "base": "large"}}
    settings = {**METRICS["settings"], "teacher": "wise", "distil_weight": 0.6}
    metrics = {**METRICS, "settings": settings, "before": first, "teacher": teacher}

    text = checkpoint_card(metrics, "model")

    assert [first, teacher, metrics] == list(stages(metrics))
    assert all(f"| {name} |" in text for name in ("tweets", "laws", "conll2003"))
    assert "started from all-MiniLM-L6-v2 (Apache-2.0)" in text
    assert (
        "teacher `wise` (from large; dev F1: conll2003 90.0); on the first set's sentences they "
        "are 60.0 %" in text
    )
    assert "python -m ner train \\\n    --data data/conll2003:1" in text


def test_card_of_an_average_tells_how_it_was_made() -> None:
    """The command that averages, and that of the last run."""
    first, second = ({**METRICS, "seconds": seconds} for seconds in (60, 120))
    # One may count twice.
    runs = [first, second, second]
    metrics = {"labels": ["PER"], "averaged": runs, "data": ["letters:1"], "dev": METRICS["dev"]}

    text = checkpoint_card(metrics, "mean")

    assert "python -m ner average run-1 run-2 run-2 --data data/letters:1 --out mean" in text
    assert "| 90 | 0.2500 | 90.0 |" in text


@pytest.mark.parametrize("name", ["bundled", "medical"])
def test_cards_of_the_bundled_models_are_as_written(name: str) -> None:
    """Made of their metrics and of the recorded evaluations, with both sides and intervals."""
    [spec] = [spec for spec in catalogue() if spec.name == name]
    assert spec.folder is not None
    metrics = json.loads((spec.folder / "metrics.json").read_text("utf-8"))

    card = checkpoint_card(metrics, spec.folder.name, spec)

    assert card == (spec.folder / "README.md").read_text("utf-8")
    assert "| Set | Original by sentence | INT8 by sentence |" in card
    assert "python -m ner evaluate data/" in card


def test_card_command_repeats_the_run() -> None:
    """Reading the command back gives the settings that were not at their default."""
    settings = TrainSettings(
        data=(Source(Path("x/news"), 0.5), Source(Path("x/web"), 1.0, ("PER",))),
        out=Path("model"),
        arch=Arch.BILSTM,
        epochs=2.5,
        teacher_labels=Path("x/labels"),
    )

    words = shlex.split(command_of(json.loads(json.dumps(settings.to_json())), "model"))

    assert [word for word in words if word.strip()] == [
        "python", "-m", "ner", "train",
        "--data", "data/news:0.5", "--data", "data/web:1:PER",
        "--arch", "bilstm", "--epochs", "2.5", "--teacher-labels", "labels", "--out", "model",
    ]  # fmt: skip


def test_command_line_offers_every_setting() -> None:
    """Otherwise a card could print a command that doesn't exist."""
    options = inspect.signature(train).parameters

    assert [*(field.name for field in fields(TrainSettings)), "as_json"] == [*options]
