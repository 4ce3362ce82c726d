"""Tab 'Files': what it says of a file and what it makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import DictionaryTagger, FakeSides, loader_of, service_of
from files.samples import written

from ner.serving.bounds import Bounds
from ner.ui.files import inspect_file, tag_file
from ner.ui.jobs import Site, stop

BOUNDS = Bounds()

REQUEST = SimpleNamespace(session_hash="a visitor", request=None)
SITE = Site(loader_of(FakeSides()), service_of())
TEXTS = ["Wolfgang met Ada Lovelace", "<img src=x onerror=alert(1)> in Berlin", "nothing"]


def given(folder: Path, name: str, content: str | bytes) -> str:
    return str(written(folder, name, content))


def tagging(path: str | None, site: Site = SITE, **other: object) -> Iterator[tuple[str, Any]]:
    usual = {
        "encoding": "",
        "column": None,
        "left": "bundled#original",
        "right": "bundled#int8",
        "device": "CPU",
        "side": "right",
        "aggregation": "first",
        "threshold": 0.0,
        "labels": "",
        "kind": "entities.jsonl",
    }
    return tag_file(site)(REQUEST, path, *{**usual, **other}.values())


def last(path: str | None, **other: object) -> tuple[str, dict[str, Any]]:
    *_, shown = tagging(path, **other)
    return shown


def inspected(path: str | None, encoding: str = "") -> tuple[Any, ...]:
    [shown] = inspect_file(SITE)(REQUEST, path, encoding)
    return shown


def test_a_file_is_described_and_its_columns_offered(tmp_path: Path) -> None:
    """Format, encoding, lines and the guess; the choice is there for formats with columns."""
    about, column = inspected(given(tmp_path, "a.csv", "id,text\n1,x\n"))
    assert "CSV, UTF-8, 2 lines." in about
    assert "&#39;text&#39;" in about
    assert (True, ["id", "text"], "text") == (column["visible"], column["choices"], column["value"])

    about, column = inspected(given(tmp_path, "a.csv", "a,b\n1,2\n"), "")
    assert "Choose the column" in about
    assert (["a", "b"], None) == (column["choices"], column["value"])

    about, column = inspected(given(tmp_path, "a.jsonl", '{"text": null}\n'), "")
    assert "None of its first objects has a text" in about
    assert column["visible"] is False

    about, column = inspected(given(tmp_path, "a.txt", "café\n".encode("cp1252")), "cp1252")
    assert "TXT, CP1252" in about
    assert column["visible"] is False
    assert ("", False) == (
        inspected(None, "")[0],
        inspected(None, "")[1]["visible"],
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "it is empty"),
        ("a.csv", b"PK\x03\x04", "it is an archive"),
        ("a.txt", b"caf\xe9", "not UTF-8; it looks like cp1252"),
        ("a.txt", b"x" * (BOUNDS.file_bytes + 1), "10.0 MB; the page takes 10"),
    ],
)
def test_files_that_cant_be_used_are_refused_at_once(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """When they are chosen, and when they are tagged all the same."""
    path = given(tmp_path, name, content)

    assert message in inspected(path, "")[0]
    assert message in last(path)[0]


def test_too_many_rows_are_refused_before_any_is_tagged(tmp_path: Path) -> None:
    """The limit is named, and so is the way without one."""
    tagger = DictionaryTagger()
    site = Site(loader_of(FakeSides(right=tagger)), service_of())
    path = given(tmp_path, "a.txt", "x\n" * (BOUNDS.file_rows + 1))
    [(said, _)] = tagging(path, site)

    assert "more than 20,000 rows" in said
    assert "python -m ner batch" in said
    assert [] == tagger.seen


def test_results_count_as_uploads_do(tmp_path: Path) -> None:
    """Else one file, tagged over and over, would fill the disk."""
    site = Site(loader_of(FakeSides()), service_of(upload_bytes=25_000))
    path = given(tmp_path, "a.txt", "Berlin\n" * 300)
    *_, (first, _) = tagging(path, site)
    [(second, update)] = tagging(path, site)

    assert "Tagged 300" in first
    assert "room again in" in second
    assert not update["visible"]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"column": "b"}, "has no column"),
        ({"kind": "../x.csv"}, "There is no kind of result"),
        ({"side": "int4"}, "There is no side"),
        ({"right": "../x"}, "There is no model"),
        ({"encoding": "zlib"}, "There is no encoding"),
    ],
)
def test_settings_from_outside_are_checked(
    tmp_path: Path, other: dict[str, str], message: str
) -> None:
    """A client may send anything."""
    assert message in last(given(tmp_path, "a.csv", "a\nx\n"), **other)[0]


def test_without_a_file_it_asks_for_one() -> None:
    """Instead of failing."""
    assert "Choose a file first" in last(None)[0]


def test_progress_shows_the_first_rows(tmp_path: Path) -> None:
    """Before the run is over, and markup in them is only text."""
    path = given(tmp_path, "a.txt", "\n".join(TEXTS * 100))
    _, first, second, (said, update) = tagging(path)

    assert "200 rows, 67%" in first[0]
    assert "300 rows, 100%" in second[0]
    assert first[0].count("<li") == 5
    assert "<img" not in first[0]
    assert "Tagged 300 of 300 rows" in said
    assert update["visible"]


def test_results_and_failures_are_files(tmp_path: Path) -> None:
    """While they are shown both exist; the page says which rows failed and why."""
    path = given(tmp_path, "mine.csv", "id,text\n1,Berlin\n2\n3,Paris <b>\n")
    steps = tagging(path, side="left")
    said, update = next(step for step in steps if step[1]["visible"])
    found = [
        [json.loads(line) for line in Path(file).read_text().splitlines()]
        for file in update["value"]
    ]

    assert ["Berlin", "Paris <b>"] == [row["text"] for row in found[0]]
    assert [3] == [row["line"] for row in found[1]]
    assert "Rows that could not be tagged: 1." in said
    assert "line 3: 1 field; expected 2" in said


def test_settings_reach_the_tagger(tmp_path: Path) -> None:
    """Variant, threshold and labels."""
    path = given(tmp_path, "a.txt", "Wolfgang in Berlin and Paris, Oslo")

    def spelled(**other: object) -> list[str]:
        steps = tagging(path, **other)
        [file] = next(update["value"] for _, update in steps if update["visible"])
        [line] = Path(file).read_text().splitlines()
        return [entity["text"] for entity in json.loads(line)["entities"]]

    assert ["Wolfgang", "Berlin", "Oslo"] == spelled()
    assert ["Wolfgang", "Berlin", "Paris"] == spelled(side="left")
    assert ["Berlin", "Paris"] == spelled(side="left", labels="LOC")
    assert ["Wolfgang", "Berlin"] == spelled(side="left", threshold=0.9)


def result(folder: Path, **other: object) -> tuple[str, str]:
    """The name of the result, and what is in it."""
    path = given(folder, "mine.csv", "id,text\n7,Wolfgang in Paris and Oslo\n")
    steps = tagging(path, **other)
    [file] = next(update["value"] for _, update in steps if update["visible"])
    return Path(file).name, Path(file).read_text(encoding="utf-8-sig")


def test_own_rows_both_sides_and_redaction(tmp_path: Path) -> None:
    """As on the command line."""
    name, found = result(tmp_path, kind="entities.csv")
    assert "mine.entities.csv" == name
    assert "2,0,8,PER," in found

    _, both = result(tmp_path, side="both")
    record = json.loads(both)
    assert ["Wolfgang", "Paris"] == [one["text"] for one in record["entities_a"]]
    assert ["only_left", "only_right"] == [one["kind"] for one in record["differences"]]

    name, tagged = result(tmp_path, kind="tagged")
    assert "mine.tagged.csv" == name
    assert tagged.startswith("id,text,entities,entities_json\n7,Wolfgang in Paris and Oslo,Wolf")
    assert ("mine.redacted.csv", "id,text\n7,[PER] in Paris and [LOC]\n") == result(
        tmp_path, kind="redacted"
    )
    assert (
        "can&#39;t have both sides"
        in last(given(tmp_path, "a.txt", "x\n"), side="both", kind="redacted.txt")[0]
    )


def test_a_run_without_entities_is_a_warning(tmp_path: Path) -> None:
    """Most likely the wrong column."""
    shown, _ = last(given(tmp_path, "a.txt", "nothing here\n" * 200))

    assert "No entities were found in 200 rows" in shown
    assert 'class="notice problem"' in shown


def test_stop_ends_the_run_of_its_session(tmp_path: Path) -> None:
    """After the rows that are being tagged, without results; so does the end of the server."""
    path = given(tmp_path, "a.txt", "x\n" * 1_000)
    run = tagging(path)
    next(run)
    stop(SITE, "tag_file")(SimpleNamespace(session_hash="another", request=None))
    next(run)
    stop(SITE, "tag_file")(REQUEST)
    [(said, update)] = run
    assert "Stopped" in said
    assert not update["visible"]
    assert {} == SITE.running

    site = Site(loader_of(FakeSides()), service_of())
    run = tagging(path, site)
    next(run)
    site.service.readiness.draining = True
    assert "Interrupted" in [markup for markup, _ in run][-1]
    assert 0 == site.service.long.running
