"""``bench``: what it takes and what it prints; the figures themselves are ``measuring``'s."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ner.cli.main import app
from ner.errors import InputError
from ner.measuring import benchmark
from ner.measuring.peers import onnx_runtime, pipelines
from ner.measuring.start import Start
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared

GOLD = "Wolfgang\tB-PER\nlive\tO\nin\tO\nBerlin\tB-LOC\n\nBerlin\tB-LOC\n"
QUICK = ["--lengths", "8", "--rounds", "6", "--passes", "6", "--file-texts", "1"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started, little is run, and ONNX Runtime is not looked for."""
    plan = partial(benchmark.BenchmarkPlan, peak_runs=1)
    monkeypatch.setattr(benchmark, "BenchmarkPlan", plan)
    monkeypatch.setattr(benchmark, "measure_start", lambda *_: Start(1.0, 1, 1))
    monkeypatch.setattr(pipelines, "_BATCH_SIZES", (4,))
    monkeypatch.setattr(onnx_runtime, "find_spec", lambda name: None)


@pytest.fixture
def texts_file(tmp_path: Path) -> Path:
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(["Wolfgang and I met in Berlin."] * 4), encoding="utf-8")
    return file


def run(spec: ModelSpec, *arguments: str) -> Any:
    done = CliRunner().invoke(
        app, ["bench", "--model", str(spec.folder), *QUICK, *arguments], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done


def test_peers_are_scored_on_gold(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, texts_file: Path, tmp_path: Path
) -> None:
    """Each row that is timed end to end has its size, its agreement and its F1."""
    gold = tmp_path / "gold.conll"
    gold.write_text(GOLD, encoding="utf-8")
    done = run(tiny_spec, "--gold", str(gold), "--texts", str(texts_file), "--json")
    answer = json.loads(done.stdout)
    scored = answer["peers"]

    assert set(scored) == {row["row"] for row in answer["latency"] if "bare" not in row["row"]}
    assert set(answer["batch_sizes"]) == {name for name in scored if "pipeline" in name}
    assert {3} == {figures["f1_entities"] for figures in scored.values()}
    assert all(figures["bytes"] > 0 for figures in scored.values())
    assert "ONNX Runtime takes no part" in done.stderr


def test_without_peers_none_is_scored(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, texts_file: Path
) -> None:
    """And the JSON says so."""
    answer = json.loads(run(tiny_spec, "--texts", str(texts_file), "--json").stdout)

    assert answer["peers"] == answer["batch_sizes"] == {}


@pytest.mark.parametrize(("content", "said"), [(None, "can't be read"), (" \n\n", "no text in it")])
def test_a_file_without_texts_is_refused(
    tiny_spec: ModelSpec, tmp_path: Path, content: str | None, said: str
) -> None:
    """One that is missing, and one that holds blank lines alone."""
    file = tmp_path / "texts.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=said):
        run(tiny_spec, "--texts", str(file))
