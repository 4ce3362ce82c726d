"""`choose` on the command line: its table, its JSON, its exit code and its refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ner.choosing import measure
from ner.choosing.memory import Footprint
from ner.cli.main import main
from ner.models.catalogue import ModelSpec
from ner.models.recipes import RECIPES


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of the command."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["ner", "choose", *arguments])
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


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
    """Seventy lines, of which most have a name."""
    file = tmp_path / "texts.txt"
    lines = [
        f"Wolfgang and {name} met in Berlin" for name in ("I", "Ada", "Acme") for _ in range(23)
    ]
    file.write_text("\n".join(["", *lines, ""]), encoding="utf-8")
    return file


def test_the_json_names_a_recipe_and_all_candidates(
    ner_home: Path, tiny_spec: ModelSpec, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measured on the file's lines, empty ones left out; what could be made is listed."""
    code, out, _ = run(
        capsys, "--model", str(tiny_spec.folder), "--texts", str(texts), "--recipes", "int8",
        "--max-mb", "500", "--json",
    )  # fmt: skip
    answer = json.loads(out)

    assert {"yes": 0, "no": 1, "undecided": 3}[answer["answer"]] == code
    assert ["original", "int8"] == [item["recipe"] for item in answer["contenders"]]
    assert {"set": "texts.txt", "n": 69} == answer["texts"]
    assert all(item["memory"]["after_files"] > 1e6 for item in answer["contenders"])
    assert all(item["times"]["file"]["texts_per_second"]["low"] for item in answer["contenders"])
    assert "int4" in {item["name"].partition("#")[2] for item in answer["not_made"]}
    assert answer["provenance"]["sides"][1]["recipe"] == "int8"


def test_peers_are_measured_beside_the_recipes(
    ner_home: Path,
    tiny_spec: ModelSpec,
    texts: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the same texts; the one in FP32 is the same network. What is not installed is told."""
    from ner.choosing import onnx_runtime, peers

    texts.write_text("Wolfgang and Ada met in Berlin\n" * 6, encoding="utf-8")
    monkeypatch.setattr(peers, "_BATCH_SIZES", (4,))
    monkeypatch.setattr(onnx_runtime, "find_spec", lambda name: None)
    _, out, err = run(
        capsys, "--model", str(tiny_spec.folder), "--texts", str(texts), "--recipes", "int8",
        "--peers", "--json",
    )  # fmt: skip
    answer = json.loads(out)
    recipes, found = (
        {item["title"]: item for item in answer["contenders"] if ("fits" in item) is fits}
        for fits in (True, False)
    )

    assert {"Original", "INT8"} == set(recipes)
    assert {
        "PyTorch", "PyTorch dynamic INT8", "pipeline on Original", "pipeline on INT8"
    } == set(found)  # fmt: skip
    assert found["PyTorch"]["agreement"]["value"] > 0.99
    assert found["PyTorch"]["memory"]["loaded"] == 10**8
    assert all(item["times"]["one by one"]["ms"]["value"] > 0 for item in found.values())
    assert "ONNX Runtime takes no part" in err


def test_the_sentence_comes_before_the_table(
    ner_home: Path,
    tiny_spec: ModelSpec,
    texts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Then what is not made. The file holds what was printed; on a pipe nothing is cut."""
    kept = tmp_path / "kept.json"
    code, out, _ = run(
        capsys, "--model", str(tiny_spec.folder), "--texts", str(texts), "--recipes", "int8",
        "--max-mb", "0.000001", "--price-per-hour", "0.1", "--out", str(kept),
    )  # fmt: skip
    answer = json.loads(kept.read_text(encoding="utf-8"))

    assert 1 == code
    assert out.startswith(f"{answer['sentence']}\n")
    assert "None fits. " in out
    assert "a million texts cost" in out and "…" not in out
    assert "is not made; to measure it: --recipes int4" in out
    assert answer["date"] and "choose" in answer["command"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--recipes", "int9"), "int8-weights"),
        (("--recipes", ","), "int8,int8-weights"),
        (("--min-agreement", "98"), "0.98"),
        (("--max-ms", "-1"), "number over 0"),
        (("--model", "nobody"), "bundled"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_made(
    arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what was expected, and exit code 2."""
    code, out, err = run(capsys, *arguments)

    assert (2, "") == (code, out)
    assert named in err.replace("\n", " ")


def test_an_empty_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And so are texts together with gold."""
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n", encoding="utf-8")
    code, _, err = run(capsys, "--texts", str(empty))
    both, _, also = run(capsys, "--texts", str(empty), "--gold", str(empty))

    assert (2, 2) == (code, both)
    assert "one a line" in err.replace("\n", " ")
    assert "both given" in also.replace("\n", " ")
