"""The model card tells what was measured, and nothing else."""

from __future__ import annotations

import inspect
import json
import shlex
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from ner.cli.train import train
from ner.errors import FileFormatError
from ner.models.catalogue import purpose_of
from ner.train.card import card, evaluation_command, write_card
from ner.train.settings import Arch, DataSource, TrainSettings, command_of

METRICS: dict[str, Any] = {
    "settings": {"data": ["conll2003:1", "letters:0.5:PER"], "epochs": 3.0, "arch": "transformer"},
    "labels": ["PER", "Ship"],
    "dev": {"conll2003": {"precision": 0.9, "recall": 0.9, "f1": 0.9, "support": 1234}},
    "steps": 100,
    "best_step": 90,
    "bf16": True,
    "seconds": 120,
    "peak_memory_bytes": 2_000_000_000,
    "padding_share": 0.02,
    "padding_share_fixed_length": 0.77,
}
SCORES = {"f1": 0.881, "f1_low": 0.87, "f1_high": 0.89, "support": 5648}


def result(model: str, **settings: object) -> dict[str, Any]:
    """A record as ``evaluate --out`` writes it."""
    return {
        "settings": {"model": model, "labels": None, "lowercase": False, **settings},
        "sets": {"conll2003/test": {"left": SCORES, "right": SCORES, "agreement": 0.99}},
    }


def test_card_names_each_data_set_with_its_licence() -> None:
    """Known sets have theirs; for others the reader is sent to the set's own terms."""
    text = card(METRICS, "model")

    assert "| 1 | conll2003 | news | 1 | all | annotation free; text Reuters" in text
    assert "| 1 | letters |  | 0.5 | PER | see the set's own terms |" in text


def test_card_tells_every_run_that_led_to_the_checkpoint() -> None:
    """A run that went on from another one owes its data and its command to both."""
    first = {**METRICS, "settings": {"data": ["tweets:1"], "epochs": 2.0}}

    text = card({**METRICS, "before": first}, "model")

    assert "| 1 | tweets |" in text
    assert "| 2 | conll2003 |" in text
    assert text.index("--out run-1") < text.index("--out model")


def test_card_quotes_scores_of_both_variants() -> None:
    """FP32 and INT8 stand side by side, with their intervals and what was counted."""
    text = card(METRICS, "model", [result("bundled", labels=["PER"], lowercase=True)])

    both = "88.1 (87.0–89.0) | 88.1 (87.0–89.0)"
    assert f"| conll2003/test (PER; lower-cased) | {both} |  |  | 99.0 | 5,648 |" in text
    assert "| conll2003/dev | 90.0 | 1,234 |" in text


def test_card_quotes_scores_of_documents_where_there_are_any() -> None:
    """Beside those by sentence, under heads that tell them apart."""
    record = result("bundled")
    whole = {**SCORES, "f1": 0.9, "f1_low": 0.88, "f1_high": 0.92}
    record["sets"]["conll2003/test"]["documents"] = {"left": whole, "right": SCORES}
    text = card(METRICS, "model", [record])

    by_sentence = "88.1 (87.0–89.0) | 88.1 (87.0–89.0)"
    by_document = "90.0 (88.0–92.0) | 88.1 (87.0–89.0)"
    assert f"| conll2003/test | {by_sentence} | {by_document} | 99.0 | 5,648 |" in text
    assert "| INT8 by sentence | FP32 by document |" in text


def test_card_of_an_evaluation_without_int8_leaves_its_cells_empty() -> None:
    """INT8 that is withheld was not scored."""
    record = result("bundled")
    record["sets"]["conll2003/test"] = {"left": SCORES}

    row = "| conll2003/test | 88.1 (87.0–89.0) |  |  |  |  | 5,648 |"
    assert row in card(METRICS, "model", [record])


def test_card_quotes_only_results_of_its_own_model(tmp_path: Path) -> None:
    """Results of another model in the same folder are passed over."""
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS), "utf-8")
    for model in ("bundled", "other"):
        scored = result(model)
        scored["sets"] = {f"{model}/test": scored["sets"]["conll2003/test"]}
        (tmp_path / f"{model}.result").write_text(json.dumps(scored), "utf-8")

    write_card(tmp_path, model="bundled", results=tmp_path.glob("*.result"))

    text = (tmp_path / "README.md").read_text("utf-8")
    assert "bundled/test" in text
    assert "other/test" not in text


def test_card_command_repeats_the_run() -> None:
    """Reading the command back gives the settings that were not at their default."""
    settings = TrainSettings(
        data=(DataSource(Path("x/news"), 0.5), DataSource(Path("x/web"), 1.0, ("PER",))),
        out=Path("model"),
        arch=Arch.BILSTM,
        epochs=2.5,
        score_test=True,
    )

    words = shlex.split(
        command_of(json.loads(json.dumps(settings.to_json())), "model"), comments=False
    )

    assert [word for word in words if word.strip()] == [
        "python", "-m", "ner", "train",
        "--data", "data/news:0.5", "--data", "data/web:1:PER",
        "--arch", "bilstm", "--epochs", "2.5", "--score-test", "--out", "model",
    ]  # fmt: skip


def test_command_line_offers_every_setting_with_the_same_default() -> None:
    """Otherwise a card could print a command that doesn't exist, or that runs something else."""
    options = inspect.signature(train).parameters

    for field in fields(TrainSettings):
        assert field.name in options
        if field.default is not MISSING:
            assert options[field.name].default == field.default


def test_card_of_unknown_labels_is_a_plain_one() -> None:
    """A model of somebody's own labels gets a card too, with nothing said that isn't known."""
    assert purpose_of(["Ship"]).title == "Named entities: Ship"
    assert purpose_of(["Disease", "Chemical"]).title.startswith("Chemicals and diseases")


def test_card_without_metrics_is_refused(tmp_path: Path) -> None:
    """The message names the missing file."""
    with pytest.raises(FileFormatError, match=r"metrics\.json: is missing"):
        write_card(tmp_path)


def test_card_gives_the_command_of_each_evaluation() -> None:
    """With gold files under data/; what is left at its default is left out."""
    plain = result("bundled")
    other = result("medical", labels=["Disease"], lowercase=True)

    assert "python -m ner evaluate data/conll2003/test.txt\n" in card(METRICS, "model", [plain])
    assert (
        "python -m ner evaluate data/conll2003/test.txt --model medical --labels Disease "
        "--lowercase" == evaluation_command(other)
    )
