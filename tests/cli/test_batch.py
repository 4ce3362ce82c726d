"""The command `batch`: what it says, refuses, resumes and takes of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evidence.record_files import record_memory
from files.samples import a_file
from test_cli import ROOT, answers, here, refused, run

from ner.cli import batch as command
from ner.errors import Failure
from ner.files.batch import Step
from ner.models.catalogue import ModelSpec
from ner.models.folder import Prepared


def test_the_command_tells_what_is_kept(tmp_path: Path) -> None:
    """Only where something is: after rows were tagged."""

    def failing(rows: int) -> Iterator[Step]:
        yield Step(rows=rows, tagged=rows, failed=0, resumed=0, seconds=1.0, fraction=0.5)
        raise Failure("The disk is full.")

    with pytest.raises(Failure, match=r"full. 1,200 rows are done and kept; the same command"):
        command._followed(failing(1_200))
    with pytest.raises(Failure, match=r"full.$"):
        command._followed(failing(0))


def test_the_command_tags_and_resumes(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, many: Path, tmp_path: Path
) -> None:
    """Killed once it has reported progress, the same command goes on and counts all rows."""
    out = tmp_path / "out.jsonl"
    arguments = [str(many), "--out", str(out), "--model", str(tiny_spec.folder), "--json"]
    command = [sys.executable, "-m", "ner", "batch", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as first:
        assert first.stderr is not None
        source, progress = first.stderr.readline(), first.stderr.readline()
        first.kill()
    assert b"column 'text' (a guess" in source
    assert b"rows a second" in progress
    assert b"left" in progress
    [answer] = answers(run("batch", *arguments))

    assert {"rows", "tagged", "failed", "entities", "warnings", "seconds", "provenance"} == set(
        answer
    )
    assert ["int8"] == [side["recipe"] for side in answer["provenance"]["sides"]]
    assert (6_000, 62) == (answer["rows"], answer["failed"])
    assert answer["tagged"] == len(out.read_text().splitlines())


def test_the_command_keeps_columns_and_tags_with_both(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """Several columns with commas between; the original is side A."""
    file = a_file(tmp_path, "in.csv", ["id,at,text", "7,now,Ada in Berlin", "8,then,no"])
    out = tmp_path / "out.jsonl"
    common = [str(file), "--out", str(out), "--keep", "id,at", "--model", str(tiny_spec.folder)]
    [answer] = answers(here("batch", *common, "--column", "text", "--both", "--json"))
    first, _ = map(json.loads, out.read_text().splitlines())

    assert ["original", "int8"] == [side["recipe"] for side in answer["provenance"]["sides"]]
    assert ["line", "id", "at", "text", "entities_a", "entities_b", "differences"] == list(first)
    assert ("7", "now") == (first["id"], first["at"])


def test_a_run_without_a_row_that_could_be_tagged_ends_with_1(
    tiny_prepared: Prepared, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    """Its errors are written all the same."""
    file = a_file(tmp_path, "in.jsonl", ['{"text": 1}', '{"text": "x"'])
    out = tmp_path / "out.jsonl"
    model = str(tiny_spec.folder)
    done = here("batch", str(file), "--out", str(out), "--column", "text", "--model", model)

    assert done.returncode == 1
    assert "Tagged 0 of 2 rows" in done.stdout
    assert len((tmp_path / "out.jsonl.errors.jsonl").read_text().splitlines()) == 2


def test_the_command_refuses_before_loading_anything(tmp_path: Path) -> None:
    """Exit code 2 and a sentence; the model, which does not exist, is never reached."""
    file = a_file(tmp_path, "in.csv", ["a,b", "1,2"])
    for arguments, message in (
        ([str(file), "--out", "x.docx"], "expected a name ending in .jsonl"),
        ([str(file), "--out", "x.csv", "--column", "c"], "has no column 'c'"),
        ([str(file), "--out", "x.csv"], "Choose one of 'a', 'b'"),
        ([str(file), "--column", "a", "--out", "no/x.csv"], "There is no folder no"),
        (["nowhere.csv", "--out", "x.csv"], "can't be read"),
        ([str(file), "--out", "x.csv", "--encoding", "utf-99"], "no text encoding"),
        ([str(file), "--out", "x.csv", "--keep", "c,a"], "has no column 'c'"),
        ([str(file), "--out", "x.conll", "--keep", "a"], "can't have kept columns"),
        ([str(file), "--out", "x.csv", "--both", "--redact"], "entities of one side"),
    ):
        refused(here("batch", *arguments, "--model", "no-such-model"), message)


def test_the_command_refuses_a_pipe(tmp_path: Path) -> None:
    """Whatever it holds: it would give an empty result."""
    arguments = ["/dev/stdin", "--format", "txt", "--out", str(tmp_path / "o.jsonl")]
    done = run("batch", *arguments, stdin=b"In Berlin\n")
    refused(done, "Save the texts to a file first")


@pytest.mark.full
def test_memory_does_not_follow_the_length(
    bundled_sides: object, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A million short lines take no more than 150 MB over what ten thousand take."""
    found = record_memory(tmp_path)
    record_property("peaks_mb", found["peak_mb"])

    assert found["growth_mb"] < 150
