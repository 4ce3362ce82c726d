"""`choose` on the command line: its table, its JSON, its exit code and its refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from test_cli import Done, here, refused

from ner.choosing import measure, onnx_runtime, peers
from ner.choosing.memory import Footprint
from ner.models.catalogue import ModelSpec
from ner.models.recipes import RECIPES


def choose(spec: ModelSpec, texts: Path, *arguments: str) -> Done:
    common = ("--model", str(spec.folder), "--texts", str(texts), "--recipes", "int8")
    return here("choose", *common, *arguments)


@pytest.fixture(autouse=True)
def nothing_on_request_is_made(ner_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a process started: see `choosing/test_memory.py`."""
    monkeypatch.setattr(measure, "measure_footprint", lambda *_: Footprint(1.0, *[10**8] * 3))
    for recipe in RECIPES:
        if not recipe.by_default:
            for made in (ner_home / "prepared").glob(f"tiny-{recipe.name}-*"):
                shutil.rmtree(made)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Eight lines, of which two are empty."""
    file = tmp_path / "texts.txt"
    lines = [f"Wolfgang and {name} met in Berlin" for name in ("I", "Ada", "Acme") * 2]
    file.write_text("\n".join(["", *lines, ""]), encoding="utf-8")
    return file


def test_the_json_names_a_recipe_and_all_candidates(
    ner_home: Path,
    tiny_spec: ModelSpec,
    texts: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Measured on the file's lines, empty ones left out; what could be made is listed.

    Peers are measured beside the recipes and never taken; what is not installed is told.
    """
    monkeypatch.setattr(peers, "_BATCH_SIZES", (4,))
    monkeypatch.setattr(onnx_runtime, "find_spec", lambda name: None)
    done = choose(tiny_spec, texts, "--max-mb", "500", "--peers", "--json")
    answer = json.loads(done.stdout)
    fits = {item["title"]: "fits" in item for item in answer["contenders"]}

    assert {"yes": 0, "no": 1, "undecided": 3}[answer["answer"]] == done.returncode
    assert ["Original", "INT8"] == [title for title, may in fits.items() if may]
    assert {
        "PyTorch", "PyTorch dynamic INT8", "pipeline on Original", "pipeline on INT8"
    } == {title for title, may in fits.items() if not may}  # fmt: skip
    assert "ONNX Runtime takes no part" in caplog.text
    assert {"set": "texts.txt", "n": 6} == answer["texts"]
    assert {10**8} == {
        item["memory"]["after_files"] for item in answer["contenders"] if item["memory"]
    }
    assert all(item["times"]["file"]["texts_per_second"]["low"] for item in answer["contenders"])
    assert "int4" in {item["name"].partition("#")[2] for item in answer["not_made"]}
    assert answer["provenance"]["sides"][1]["recipe"] == "int8"


def test_the_sentence_comes_before_the_table(
    ner_home: Path, tiny_spec: ModelSpec, texts: Path, tmp_path: Path
) -> None:
    """Then what is not made. The file holds what was printed; on a pipe nothing is cut."""
    kept = tmp_path / "kept.json"
    asked = ("--max-mb", "0.000001", "--price-per-hour", "0.1", "--out", str(kept))
    done = choose(tiny_spec, texts, *asked)
    answer = json.loads(kept.read_text(encoding="utf-8"))

    assert 1 == done.returncode
    assert done.stdout.startswith(f"{answer['sentence']}\n")
    assert "None fits. " in done.stdout
    assert "a million texts cost" in done.stdout and "…" not in done.stdout
    assert "is not made; to measure it: --recipes int4" in done.stdout
    assert answer["date"] and "choose" in answer["command"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("choose", "--recipes", "int9"), "int8-weights"),
        (("choose", "--recipes", ","), "int8,int8-weights"),
        (("choose", "--min-agreement", "98"), "0.98"),
        (("choose", "--max-ms", "-1"), "max_ms must be over 0"),
        (("choose", "--model", "nobody"), "bundled"),
        (("choose", "--texts", "{empty}"), "one a line"),
        (("choose", "--texts", "{empty}", "--gold", "{empty}"), "both given"),
        (("choose", "--out", "nowhere/a.json"), "there is no folder nowhere"),
        (("bench", "--out", "nowhere/a.json"), "there is no folder nowhere"),
        (("bench", "--texts", "{empty}"), "one a line"),
        (("bench", "--texts", "missing.txt"), "can't be read"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_made(
    arguments: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    """With what was expected, and exit code 2."""
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n\n", encoding="utf-8")
    refused(here(*(one.format(empty=empty) for one in arguments)), named)
