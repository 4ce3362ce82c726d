"""The command line as a user meets it: processes, exit codes, standard output and error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from ner.cli.main import main
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared

ROOT = Path(__file__).parent.parent
WOLFGANG = "My name is Wolfgang and I live in Berlin."
GOLD = "Wolfgang\tB-PER\nlive\tO\nin\tO\nBerlin\tB-LOC\n\nBerlin\tB-LOC\n"
Done = subprocess.CompletedProcess[str]


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> Done:
    """``python -m ner`` with these arguments, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "ner", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
    )
    return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def here(*arguments: str) -> Done:
    """The same in this process, which is quicker; what ends in a trace there is raised here."""
    out, err = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        patch.setattr("sys.argv", ["ner", *arguments])
        main()
    return Done(arguments, int(ended.value.code or 0), out.getvalue(), err.getvalue())


def answers(done: Done) -> list[Any]:
    """The JSON lines of a run that must have succeeded."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(done: Done, message: str) -> None:
    """Exit code 2 and a sentence on standard error, nothing on standard output, no trace."""
    assert 2 == done.returncode, done.stderr
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert "" == done.stdout


@pytest.fixture(scope="module")
def tiny(tiny_prepared: Prepared, tiny_spec: ModelSpec) -> list[str]:
    """The option that chooses the tiny model, which is prepared."""
    return ["--model", str(tiny_spec.folder)]


def test_prepare_is_instant_and_says_where(tiny: list[str], tiny_prepared: Prepared) -> None:
    """A second call makes nothing and prints the folder, sizes and gate."""
    [answer] = answers(run("prepare", *tiny, "--json"))

    made = answer["variants"]["int8"]
    assert made["path"] == str(tiny_prepared.folder)
    assert (tiny_prepared.size, tiny_prepared.fingerprint) == (made["bytes"], made["weights"])
    assert {"agreement", "entities", "min_agreement", "in_domain", "answer"} == set(made["gate"])
    assert answer["variants"]["original"]["gate"] is None


def test_prepare_says_how_long_texts_of_anothers_model_are_read(tiny: list[str]) -> None:
    """Once, with what gives its own pipeline's entities; ours states its reading itself."""
    assert 1 == run("prepare", *tiny).stderr.count("--reading whole")
    assert "--reading" not in run("prepare", "--recipe", "original").stderr


def test_tag_answers_line_by_line(tiny: list[str]) -> None:
    """In order, blank lines too: an object a line, or each entity on a line of its own."""
    lines = b"Berlin is\r\n\nWolfgang\n"
    found = answers(run("tag", *tiny, "--json", stdin=lines))
    words = run("tag", *tiny, stdin=lines).stdout.splitlines()

    assert ["Berlin is", "", "Wolfgang"] == [one["text"] for one in found]
    expected = []
    for one in found:
        assert ["int8"] == [side["recipe"] for side in one["provenance"]["sides"]]
        expected.append(one["text"])
        for entity in one["entities"]:
            assert one["text"][entity["start"] : entity["end"]] == entity["text"]
            place = f"{entity['start']}–{entity['end']}"
            expected.append(
                f"  {entity['label']:<6} {entity['score']:.2f}  {place}  {entity['text']}"
            )
    assert expected == words


def test_compare_has_both_sides_and_timing(tiny: list[str]) -> None:
    """The JSON that design and API share, and the same in words."""
    arguments = ["compare", *tiny, WOLFGANG, "--budget-ms", "50"]
    [answer] = answers(here(*arguments, "--json"))
    words = here(*arguments).stdout

    keys = {"text", "left", "right", "differences", "identical", "timing", "provenance"}
    assert keys == set(answer)
    for side, recipe in (("left", "original"), ("right", "int8")):
        assert {
            "model": "tiny",
            "recipe": recipe,
            "weights": answer[side]["weights"],
            "device": "CPU",
            "inference_precision": "f32",
            "entities": answer[side]["entities"],
        } == answer[side]
        assert all(
            f"{one['label']} {one['score']:.2f}" in words for one in answer[side]["entities"]
        )
    assert answer["left"]["weights"] != answer["right"]["weights"]
    for one in answer["differences"]:
        assert {"kind", "left", "right", "drift"} == set(one)
    assert answer["timing"]["left"]["n"] == answer["timing"]["right"]["n"] >= 8
    assert {"median_ms", "p95_ms", "n"} == set(answer["timing"]["left"])
    assert answer["timing"]["ratio"]["low"] <= answer["timing"]["ratio"]["value"]
    assert "entities identical" in words and " runs: " in words


def test_evaluate_scores_both_variants(tiny: list[str], tmp_path: Path) -> None:
    """One file gives one object, several one each under 'sets'; --out says machine and settings.

    In words it is conlleval's report of both, with a table of tags.
    """
    gold, other, out = (tmp_path / name for name in ("gold.conll", "other.conll", "scores.json"))
    gold.write_text(GOLD)
    other.write_text(GOLD)
    words = here("evaluate", *tiny, str(gold)).stdout
    [one] = answers(here("evaluate", *tiny, str(gold), "--json"))
    [two] = answers(
        here("evaluate", *tiny, str(gold), str(other), "--json", "--out", str(out), "--lowercase")
    )
    record = json.loads(out.read_text())

    assert words.count("processed 5 tokens with 3 phrases;") == 2
    assert "B-PER" in words and "weighted avg" in words
    assert one["left"]["support"] == 3
    parts = {"sentences", "left", "right", "agreement", "difference", "verdict", "labels"}
    parts |= {"changes", "notes", "provenance"}
    assert parts == set(one["documents"])
    assert {"documents", *one["documents"]} == set(one)
    assert (2, 1) == (one["sentences"], one["documents"]["sentences"])
    assert {"answer", "short", "sentence", "more", "max_loss"} == set(one["verdict"])
    assert set(two["sets"]) == {f"{tmp_path.name}/gold", f"{tmp_path.name}/other"}
    assert record["settings"]["lowercase"] is True
    assert record["machine"]["cores"] >= 1
    assert record["sets"] == two["sets"]
    # Where a result comes from names its set and the time.
    first, second = two["sets"].values()
    for answer in (first, second):
        assert answer.pop("provenance")["set"] and answer["documents"].pop("provenance")["set"]
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tag", "x", "--model", "nowhere/at-all"], "There is no model called"),
        (["tag", "x", "--model", "tests"], "'tests' can't be read as a checkpoint"),
        (["tag", "x", "--threshold", "2"], "threshold"),
        (["tag", "x", "--aggregation", "best"], "best"),
        (["tag", "x", "--variant", "int3"], "int3"),
        (["evaluate", "missing.conll"], "missing.conll"),
        (["unknown-command"], "unknown-command"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_bad_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    """A sentence that says what is wrong."""
    refused(here(*arguments), message)


def test_bad_input_is_exit_code_2(tiny: list[str], tmp_path: Path) -> None:
    """Too long a text, a label the model lacks, a device that is not there."""
    unknown = tmp_path / "gold.conll"
    unknown.write_text("aspirin\tB-DRUG\n")
    refused(run("tag", *tiny, stdin=b"x" * 1_000_001), "at most 1,000,000")
    refused(here("tag", "x", *tiny, "--labels", "DRUG"), "no label DRUG")
    refused(here("tag", "x", *tiny, "--device", "TPU"), "no device 'TPU'")
    refused(here("evaluate", str(unknown), *tiny), "labels that the model does not know: DRUG")


@pytest.mark.parametrize("port", ["abc", "99999", "-1", "7860x", "٣"])
def test_a_port_that_is_none_is_refused_in_words(port: str) -> None:
    """One sentence, also as Spaces starts it; Gradio alone would end in a trace."""
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "GRADIO_SERVER_PORT": port},
        capture_output=True,
        text=True,
    )

    assert 2 == done.returncode
    assert f"Error: A port is a whole number from 0 to 65535; got {port!r}.\n" == done.stderr


def test_an_address_that_is_none_is_refused() -> None:
    """In a sentence."""
    refused(run("serve", "--host", "nowhere.invalid"), "can't listen at nowhere.invalid, port 7860")


def test_hard_characters_are_inert(tiny: list[str]) -> None:
    """NUL can't be an argument; surrogates, escapes and markup are answered as text."""
    text = "Ada \udcff <script>alert(1)</script> \x1b[31m"
    [answer] = answers(run("tag", *tiny, "--json", os.fsencode(text).decode("latin-1")))

    assert "<script>" in answer["text"]
    assert "\x1b" not in here("tag", *tiny, "\x1b[31mBerlin").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_is_told(tiny: list[str]) -> None:
    """Standard output on a device without space: a sentence, no trace."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "ner", "tag", "Ada", *tiny]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)

    assert 1 == done.returncode
    assert "no space is left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """NER_HOME below a file: what to set is named, its path is not."""
    (tmp_path / "file").write_text("")
    done = run("tag", "Ada", NER_HOME=str(tmp_path / "file" / "home"))

    assert 1 == done.returncode
    assert "Set NER_HOME to a folder" in done.stderr
    assert "Traceback" not in done.stderr
