"""``bench``: what it takes and what it prints; the figures themselves are `choosing`'s."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import GOLD, Done, here

from ner.choosing import measure, onnx_runtime, peers
from ner.choosing.memory import Footprint
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared

QUICK = ["--lengths=8", "--rounds=6", "--passes=6", "--file-texts=1", "--recipes=int8"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started, little is tried, and ONNX Runtime is not looked for."""
    monkeypatch.setattr(measure, "measure_footprint", lambda *_: Footprint(1.0, 1, 2, 3))
    monkeypatch.setattr(peers, "_BATCH_SIZES", (4,))
    monkeypatch.setattr(onnx_runtime, "find_spec", lambda name: None)


def bench(spec: ModelSpec, *arguments: str) -> Done:
    done = here("bench", "--model", str(spec.folder), *QUICK, *arguments)
    assert 0 == done.returncode, done.stderr
    return done


def test_every_contender_is_timed_and_scored(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path
) -> None:
    """Peers too, in each workload, with n and an interval of what INT8 is faster by."""
    gold = tmp_path / "gold.conll"
    gold.write_text(GOLD * 5, encoding="utf-8")
    done = bench(tiny_spec, "--gold", str(gold), "--peers", "--json")
    answer = json.loads(done.stdout)

    works = {"one by one", "8 tokens", "file", "file of short texts", "file of long texts"}
    assert [works] * 6 == [set(item["times"]) for item in answer["contenders"]]
    assert {6} == {it["n"] for item in answer["contenders"] for it in item["times"].values()}
    for item in answer["contenders"]:
        assert 0 <= item["gold"]["low"] <= item["gold"]["value"] <= item["gold"]["high"] <= 1
        assert item["memory"] is None or item["memory"]["after_files"] == 3
        assert (item["times"]["file"]["int8_as_fast"] is None) == (item["recipe"] == "int8")
    assert answer["machine"]["cores"] >= 1


def test_the_tables_hold_what_was_measured(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path
) -> None:
    """Size and memory, milliseconds, texts a second, and INT8 against the original."""
    texts = tmp_path / "texts.txt"
    texts.write_text("Wolfgang and I met in Berlin.\n" * 4, encoding="utf-8")
    printed = bench(tiny_spec, "--texts", str(texts)).stdout

    for words in ("after single texts", "8 tokens", "file of long texts", "so many times as fast"):
        assert words in printed
    assert "…" not in printed
