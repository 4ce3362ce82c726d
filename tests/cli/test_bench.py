"""``bench``: what it takes and what it prints; the figures themselves are `choosing`'s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ner.choosing import measure, onnx_runtime, peers
from ner.choosing.memory import Footprint
from ner.cli.main import app
from ner.errors import InputError
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared

GOLD = "Wolfgang\tB-PER\nlive\tO\nin\tO\nBerlin\tB-LOC\n\nBerlin\tB-LOC\n"
QUICK = ["--lengths=8", "--rounds=6", "--passes=6", "--file-texts=1", "--recipes=int8"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started, little is tried, and ONNX Runtime is not looked for."""
    monkeypatch.setattr(measure, "measure_footprint", lambda *_: Footprint(1.0, 1, 2, 3))
    monkeypatch.setattr(peers, "_BATCH_SIZES", (4,))
    monkeypatch.setattr(onnx_runtime, "find_spec", lambda name: None)


def run(spec: ModelSpec, *arguments: str) -> Any:
    done = CliRunner().invoke(
        app, ["bench", "--model", str(spec.folder), *QUICK, *arguments], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done


def test_every_contender_is_timed_and_scored(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path
) -> None:
    """Peers too, in each workload, with n and an interval of what INT8 is faster by."""
    gold = tmp_path / "gold.conll"
    gold.write_text(GOLD * 5, encoding="utf-8")
    done = run(tiny_spec, "--gold", str(gold), "--peers", "--json")
    answer = json.loads(done.stdout)

    works = {"one by one", "8 tokens", "file", "file of short texts", "file of long texts"}
    assert [works] * 6 == [set(item["times"]) for item in answer["contenders"]]
    assert {6} == {it["n"] for item in answer["contenders"] for it in item["times"].values()}
    for item in answer["contenders"]:
        assert 0 <= item["gold"]["low"] <= item["gold"]["value"] <= item["gold"]["high"] <= 1
        assert item["memory"] is None or item["memory"]["after_files"] == 3
        assert (item["times"]["file"]["int8_as_fast"] is None) == (item["recipe"] == "int8")
    assert answer["machine"]["cores"] >= 1
    assert "ONNX Runtime takes no part" in done.stderr


def test_the_tables_hold_what_was_measured(
    quick: None, tiny_spec: ModelSpec, tiny_prepared: Prepared, tmp_path: Path
) -> None:
    """Size and memory, milliseconds, texts a second, and INT8 against the original."""
    texts = tmp_path / "texts.txt"
    texts.write_text("Wolfgang and I met in Berlin.\n" * 4, encoding="utf-8")
    printed = run(tiny_spec, "--texts", str(texts)).stdout

    for words in ("after single texts", "8 tokens", "file of long texts", "so many times as fast"):
        assert words in printed
    assert "…" not in printed


@pytest.mark.parametrize(("content", "said"), [(None, "can't be read"), (" \n\n", "no text")])
def test_a_file_without_texts_is_refused(
    tiny_spec: ModelSpec, tmp_path: Path, content: str | None, said: str
) -> None:
    """One that is missing, and one that holds blank lines alone."""
    file = tmp_path / "texts.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=said):
        run(tiny_spec, "--texts", str(file))
