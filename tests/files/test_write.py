"""Tagged rows as files that other programs read, and that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from fakes import INT8_WORDS, DictionaryTagger

from files.samples import LINES, a_file, tag
from ner.entities import Entity, Tagged
from ner.errors import InputError
from ner.files.batch import errors_file
from ner.files.gold import read_gold
from ner.files.read import Row
from ner.files.write import Layout, TaggedRow, output_for

# What finds the entities of a written file again: line, spelling and label of each.
Found = list[tuple[int, str, str]]


def of_frame(frame: pd.DataFrame) -> Found:
    return list(frame[["line", "text", "label"]].itertuples(index=False, name=None))


def of_gold(file: Path) -> Found:
    """Gold has no numbers of lines: they are told by what stands in them."""
    lines = [line.replace(" ", "") for line in LINES]
    return [
        (
            lines.index(one.tagged.text.replace(" ", "")) + 1,
            one.tagged.spelled(entity),
            entity.label,
        )
        for one in read_gold(file)
        for entity in one.tagged.entities
    ]


READERS: dict[str, Callable[[Path], Found]] = {
    "jsonl": of_gold,
    "jsonl.gz": of_gold,
    "conll": of_gold,
    "csv": lambda file: of_frame(pd.read_csv(file)),
    "csv.gz": lambda file: of_frame(pd.read_csv(file)),
    "parquet": lambda file: of_frame(pd.read_parquet(file)),
    "xlsx": lambda file: of_frame(pd.read_excel(file)),
}


@pytest.mark.parametrize("ending", READERS)
def test_every_file_has_what_was_found(tmp_path: Path, ending: str) -> None:
    """Read by pandas, and by what `evaluate` reads gold with."""
    out = tmp_path / f"out.{ending}"
    step = tag(a_file(tmp_path), out)

    assert (4, 4, 0) == (step.rows, step.tagged, step.failed)
    assert READERS[ending](out) == [
        (number, line[entity.start : entity.end], entity.label)
        for number, line in enumerate(LINES, start=1)
        for entity in DictionaryTagger()(line).entities
    ]
    assert not errors_file(out).exists()


def test_json_lines_are_faithful(tmp_path: Path) -> None:
    """Each row with its line, blank ones too; pandas reads them."""
    tag(a_file(tmp_path), tmp_path / "out.jsonl")
    frame = pd.read_json(tmp_path / "out.jsonl", lines=True)

    assert [1, 2, 3, 4] == frame["line"].tolist()
    assert LINES == frame["text"].tolist()
    assert {"start": 17, "end": 25, "text": "Wolfgang", "label": "PER", "score": 0.99} == (
        frame["entities"][0][1]
    )


def test_conll_keeps_the_tokens_of_conll(tmp_path: Path) -> None:
    """An entity takes each token of the input that it touches."""
    file = a_file(tmp_path, "in.conll", ["In O", "Berlin-Mitte O", "( O", "Acme O", ""])
    tag(file, tmp_path / "out.conll")

    assert (
        "In\tO\nBerlin-Mitte\tB-LOC\n(\tO\nAcme\tB-ORG\n\n" == (tmp_path / "out.conll").read_text()
    )


def test_redacted_text_has_labels_for_names(tmp_path: Path) -> None:
    """Line for line; a text over several lines becomes one."""
    out = tmp_path / "out.txt"
    tag(a_file(tmp_path), out)
    over_lines = DictionaryTagger()("Ada\r\nin Berlin\n\nnow")
    redacted = output_for(out).row(TaggedRow(Row(1, ""), over_lines))

    assert ["[PER] met [PER] in [LOC].", "", "[ORG] opened in [LOC] and [LOC]", "nothing here"] == (
        out.read_text().splitlines()
    )
    assert "Ada in [LOC]  now\n" == redacted


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\0＝＋－＠", " =", "\u200b="])
def test_formulas_are_neutralized_in_csv_only(start: str) -> None:
    """An apostrophe goes before a cell that a spreadsheet could run; JSON keeps it."""
    text = f"{start}cmd"
    tagged = Tagged(text, (Entity(0, len(text), "LOC", 0.5),))
    row = TaggedRow(Row(1, text), tagged)
    [cells] = csv.reader(io.StringIO(output_for(Path("a.csv")).row(row), newline=""))
    [line] = output_for(Path("a.jsonl")).row(row).splitlines()

    assert f"'{text}" == cells[-1]
    assert text == json.loads(line)["text"]


BOTH = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
REVIEWS = ["id,title,text", '7,"=1+1",Wolfgang saw Paris', "8,,nothing", '9,x,"Oslo, in London"']


def cells_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_kept_columns_go_along(tmp_path: Path) -> None:
    """In the order asked for, between the line and what was found; formulas are neutralized."""
    file = a_file(tmp_path, "in.csv", REVIEWS)
    tag(file, tmp_path / "out.csv", keep=["title", "id"])
    tag(file, tmp_path / "out.jsonl", keep=["id", "text"])
    rows = cells_of(tmp_path / "out.csv")
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]

    assert ["line", "title", "id", "start", "end", "label", "score", "text"] == list(rows[0])
    assert [("'=1+1", "7", "Wolfgang"), ("'=1+1", "7", "Paris"), ("x", "9", "London")] == [
        (row["title"], row["id"], row["text"]) for row in rows
    ]
    assert ["7", "8", "9"] == [record["id"] for record in records]
    # A column that is called as one of ours.
    assert "Wolfgang saw Paris" == records[0]["input_text"] == records[0]["text"]


def test_kept_values_of_json_stay_what_they_are(tmp_path: Path) -> None:
    """Numbers, lists and null; in CSV as JSON, and nothing for what is not there."""
    lines = ['{"id": 7, "text": "In Berlin", "tags": ["a"]}', '{"text": "In Paris", "id": null}']
    file = a_file(tmp_path, "in.jsonl", lines)
    tag(file, tmp_path / "out.jsonl", keep=["id", "tags"])
    tag(file, tmp_path / "out.csv", keep=["id", "tags"])
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]

    assert [(7, ["a"]), (None, None)] == [(record["id"], record["tags"]) for record in records]
    assert [("7", '["a"]'), ("", "")] == [
        (row["id"], row["tags"]) for row in cells_of(tmp_path / "out.csv")
    ]


def test_both_sides_stand_beside_each_other(tmp_path: Path) -> None:
    """With their differences: 'Paris' is only A's, 'Oslo' only B's."""
    file = a_file(tmp_path, "in.csv", REVIEWS)
    for name in ("out.jsonl", "out.csv"):
        step = tag(file, tmp_path / name, *BOTH, keep=["id"])
    first, _, last = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())

    assert (3, 4) == (step.tagged, step.entities)
    assert ["Wolfgang", "Paris"] == [one["text"] for one in first["entities_a"]]
    assert ["Wolfgang"] == [one["text"] for one in first["entities_b"]]
    assert ["only_left"] == [one["kind"] for one in first["differences"]]
    assert ["only_right"] == [one["kind"] for one in last["differences"]]
    assert [
        ("7", "same", "Wolfgang", "Wolfgang"),
        ("7", "only_left", "Paris", ""),
        ("9", "only_right", "", "Oslo"),
        ("9", "same", "London", "London"),
    ] == [
        (row["id"], row["difference"], row["text_a"], row["text_b"])
        for row in cells_of(tmp_path / "out.csv")
    ]


def test_redacted_rows_have_no_name_of_the_text_column(tmp_path: Path) -> None:
    """A row for each row, what is kept beside it; and nothing else of the input."""
    file = a_file(tmp_path, "in.csv", REVIEWS)
    for name in ("out.csv", "out.jsonl"):
        tag(file, tmp_path / name, keep=["id"], redact=True)

    assert [
        {"line": "2", "id": "7", "text": "[PER] saw [LOC]"},
        {"line": "3", "id": "8", "text": "nothing"},
        {"line": "4", "id": "9", "text": "Oslo, in [LOC]"},
    ] == cells_of(tmp_path / "out.csv")
    assert '{"line": 2, "id": "7", "text": "[PER] saw [LOC]"}' in (
        (tmp_path / "out.jsonl").read_text()
    )


@pytest.mark.parametrize(
    ("name", "layout", "message"),
    [
        ("a.conll", Layout(keep=("id",)), "can't have kept columns"),
        ("a.html", Layout(keep=("id",), both=True), "kept columns and both sides"),
        ("a.txt", Layout(both=True), "can't have both sides"),
        ("a.csv", Layout(both=True, redact=True), "entities of one side"),
        ("a.jsonl", Layout(both=True, redact=True), "entities of one side"),
    ],
)
def test_what_a_kind_of_file_cant_hold_is_refused(name: str, layout: Layout, message: str) -> None:
    """Before anything is tagged."""
    with pytest.raises(InputError, match=message):
        output_for(Path(name), layout)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_given_back_with_columns_behind(tmp_path: Path, delimiter: str) -> None:
    """Same columns, order and text of every cell, formulas and line ends too; then ours."""
    head = ["id", "entities_a", "text", "note"]
    cells = [
        ["007", "", "Wolfgang saw Paris, Oslo", "=1+1"],
        [" 1.50 ", "x", 'a "quoted"\nBerlin', "-"],
    ]
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, delimiter=delimiter).writerows([head, *cells])
    tag(file, out, *BOTH, own=True)
    with out.open(encoding="utf-8-sig", newline="") as given:
        found_head, *found = csv.reader(given, delimiter=delimiter)

    ours = ["ner_entities_a", "ner_entities_a_json", "entities_b", "entities_b_json", "differences"]
    assert [*head, *ours] == found_head
    assert cells == [row[:4] for row in found]
    assert "Wolfgang [PER]; Paris [LOC]" == found[0][4]
    assert "Berlin" == json.loads(found[1][7])[0]["text"]
    assert "Paris [LOC] → nothing; nothing → Oslo [LOC]" == found[0][8]


def test_json_lines_are_given_back_with_keys_behind(tmp_path: Path) -> None:
    """Whatever their values are; with ``redact`` the text is replaced in its place, and no more."""
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    record = {"n": [1, None], "text": "Berlin", "z": 0.5}
    file.write_text(json.dumps(record) + "\n")
    tag(file, out, own=True)
    found = json.loads(out.read_text())
    assert [*record, "entities"] == list(found)
    assert record == {key: found[key] for key in record}
    assert "Berlin" == found["entities"][0]["text"]
    tag(file, out, own=True, redact=True)
    assert {**record, "text": "[LOC]"} == json.loads(out.read_text())


def test_lines_become_a_table(tmp_path: Path) -> None:
    """A column for the text, and ours behind it; other kinds of files have no rows of their own."""
    out = tmp_path / "out.csv"
    tag(a_file(tmp_path), out, own=True)
    assert ["text", "entities", "entities_json"] == list(pd.read_csv(out).columns)
    with pytest.raises(InputError, match="own rows"):
        tag(a_file(tmp_path), tmp_path / "out.conll", own=True)
