"""Tagging whole files: every row is in the output or beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fakes import INT8_WORDS, DictionaryTagger

from files.samples import LINES, PROVENANCE, Breaking, a_file, tag
from ner import schema
from ner.comparing.origin import Origin
from ner.errors import Failure, FileFormatError, InputError
from ner.files import batch
from ner.files.batch import Step, errors_file
from ner.files.read import inspect
from ner.tagging.choice import Choice
from ner.tagging.segments import Reading


def test_what_cant_stand_in_a_file_is_kept_apart(tmp_path: Path) -> None:
    """An entity that ends in a control character is made of no tokens of CoNLL."""
    file = a_file(tmp_path, lines=["In Berlin", "in \x07 Berlin", "In Paris"])
    words = {"Berlin": ("LOC", 0.9), "in \x07": ("LOC", 0.9), "Paris": ("LOC", 0.9)}
    out = tmp_path / "out.conll"
    step = tag(file, out, DictionaryTagger(words))
    [failure] = [json.loads(line) for line in errors_file(out).read_text().splitlines()]

    assert (3, 2, 1) == (step.rows, step.tagged, step.failed)
    assert 2 == failure["line"]
    assert "does not begin and end on token borders" in failure["problem"]


def test_bad_rows_are_kept_apart(tmp_path: Path) -> None:
    """Rows that can't be read or are too long stand beside the output, in order, whole."""
    lines = ["id,text", '1,"open', "2,Berlin", "3," + "x" * 1_000_001, "4", "5,Paris"]
    out = tmp_path / "out.csv"
    step = tag(a_file(tmp_path, "in.csv", lines), out)
    failures = [json.loads(line) for line in errors_file(out).read_text().splitlines()]

    assert (5, 2, 3) == (step.rows, step.tagged, step.failed)
    assert [(2, '1,"open'), (4, "x" * 1_000_001), (5, "4")] == [
        (one["line"], one["content"]) for one in failures
    ]
    assert "at most 1,000,000" in failures[1]["problem"]
    assert ["Berlin", "Paris"] == pd.read_csv(out)["text"].tolist()


def test_a_run_without_failures_removes_old_ones(tmp_path: Path) -> None:
    """The errors beside an output are always those of the run that wrote it."""
    out = tmp_path / "out.txt"
    tag(a_file(tmp_path, "in.csv", ["a,text", "1,x", "2"]), out)
    assert errors_file(out).exists()
    tag(a_file(tmp_path), out)

    assert not errors_file(out).exists()


def test_all_that_decides_what_is_found_starts_a_run_anew() -> None:
    """A model of the Hub that is fetched again at another commit has other weights."""
    origin = Origin("INT8", "hub:a/b", "int8", "CPU", "f32", "1a2b")

    def told(choice: Choice | None = None, **other: str) -> schema.Json:
        return schema.provenance_json([replace(origin, **other)], choice or Choice()) | {"date": ""}

    assert told() == told()
    assert told() not in (
        told(weights="3c4d"),
        told(device="GPU"),
        told(Choice(threshold=0.5)),
        told(Choice(reading=Reading(20))),
    )


def test_steps_tell_how_far_it_is(tmp_path: Path) -> None:
    """From nothing to everything; rate and time left come from this run's rows."""
    source, out = inspect(a_file(tmp_path)), tmp_path / "out.txt"
    steps = list(batch.run(source, [DictionaryTagger()], out, provenance=PROVENANCE, chunk_rows=2))

    assert [0, 2, 4] == [step.rows for step in steps]
    assert [0.0, 0.5, 1.0] == [step.fraction for step in steps]
    assert steps[0].seconds_left is None
    assert [LINES[0], LINES[1]] == [result.row.text for result in steps[1].results]
    # Of two sides the one that found more counts, row by row.
    both = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
    step = tag(a_file(tmp_path, lines=["Oslo", "Paris"]), tmp_path / "both.jsonl", *both)
    assert 2 == step.entities
    half = Step(rows=60, tagged=60, failed=0, resumed=20, seconds=4.0, fraction=0.75)
    assert 10.0 == half.rate
    assert half.seconds_left == pytest.approx(2.0)


def test_a_run_that_finds_nothing_warns(tmp_path: Path) -> None:
    """So does one on texts of another language; the report says it too."""
    lines = ["Der Vertrag wurde gestern nicht unterschrieben."] * 200
    step = tag(a_file(tmp_path, lines=lines), tmp_path / "out.html")
    none, language = step.warnings

    assert "No entities were found in 200 rows" in none
    assert "German" in language
    assert "No entities were found in 200 rows" in (tmp_path / "out.html").read_text()
    assert () == tag(a_file(tmp_path), tmp_path / "out.txt").warnings


def test_long_texts_make_shorter_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory does not follow the length of the rows in a chunk."""
    monkeypatch.setattr(batch, "_CHUNK_CHARACTERS", 200)
    tagger = Breaking(99)
    tag(a_file(tmp_path, lines=["x" * 90] * 7), tmp_path / "out.txt", tagger)

    assert [3, 3, 1] == tagger.seen


@pytest.mark.parametrize(
    ("file", "out", "message"),
    [
        ("in.txt", "out.docx", "expected a name ending in .jsonl"),
        ("in.txt", "in.txt", "would replace the file that is read"),
        ("in.txt", "no/out.csv", "There is no folder"),
        ("in.txt", "folder.csv", "is a folder"),
        # Rows that failed, tagged anew: the errors of the new output would take their place.
        ("out.txt.errors.jsonl", "out.txt", "would replace the file that is read"),
    ],
)
def test_outputs_that_cant_be_written(tmp_path: Path, file: str, out: str, message: str) -> None:
    """Refused before anything is tagged."""
    (tmp_path / "folder.csv").mkdir()
    given = a_file(tmp_path, file, ['{"content": "In Berlin"}'])
    with pytest.raises((InputError, FileFormatError), match=message):
        tag(given, tmp_path / out, Breaking(0))

    assert {"folder.csv", file} == {one.name for one in tmp_path.iterdir()}
    assert '{"content": "In Berlin"}' == given.read_text()


@pytest.mark.parametrize("loop", ["out.txt", "out.txt.errors.jsonl", "out.txt.partial"])
def test_links_that_lead_back_to_themselves_are_refused(tmp_path: Path, loop: str) -> None:
    """As the output, beside it, or in the place of what is resumed from."""
    (tmp_path / loop).symlink_to(tmp_path / loop)
    tagger = Breaking(0)
    with pytest.raises(InputError, match=r"out.txt can't be written: "):
        tag(a_file(tmp_path), tmp_path / "out.txt", tagger)

    assert [] == tagger.seen


def test_labels_that_conll_cant_hold_are_refused_before_tagging(tmp_path: Path) -> None:
    """What was written could not be read by `evaluate` and `train`."""
    words = {"aspirin": ("Chemical Compound", 0.9)}
    tagger = DictionaryTagger(words)
    for name, lines in (("in.txt", ["no aspirin"]), ("in.conll", ["aspirin O"])):
        with pytest.raises(InputError, match="Label 'Chemical Compound' can't stand in CoNLL"):
            tag(a_file(tmp_path, name, lines), tmp_path / "out.conll", tagger)

    assert [] == tagger.seen
    assert 1 == tag(a_file(tmp_path, lines=["aspirin"]), tmp_path / "out.jsonl", tagger).tagged


@pytest.mark.parametrize(
    ("function", "error", "kind"),
    [
        ("os.fsync", OSError(28, "No space left on device"), Failure),
        # Given wrongly: nothing was done that could be kept.
        ("pathlib.Path.mkdir", PermissionError(13, "Permission denied"), InputError),
    ],
)
def test_a_place_that_cant_be_written_to_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    error: OSError,
    kind: type[Exception],
) -> None:
    """In a sentence without the folder, which on the page is the server's."""

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(function, fails)
    with pytest.raises(kind, match=rf"^out.txt can't be written: {error.strerror}"):
        tag(a_file(tmp_path), tmp_path / "out.txt")
