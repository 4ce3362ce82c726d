"""Tagged rows as files that other programs read, and that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


BOTH = DictionaryTagger(), DictionaryTagger(INT8_WORDS)
REVIEWS = ["id,title,text", '7,"=1+1",Wolfgang saw Paris', "8,,nothing", '9,x,"Oslo, in London"']
OBJECTS = ['{"id": 7, "text": "In Berlin", "tags": ["a"]}', '{"text": "no", "id": null}']
BERLIN = '{"start": 3, "end": 9, "text": "Berlin", "label": "LOC", "score": 0.98}'
PARIS = '{"start": 6, "end": 11, "text": "Paris", "label": "LOC", "score": 0.62}'
# What is asked for, the input's name and lines, the output's name and lines.
WRITTEN: dict[str, tuple[dict[str, Any], str, list[str], str, list[str]]] = {
    "each row with its line, blank ones too": (
        {},
        *("in.txt", ["", "In Berlin"], "out.jsonl"),
        [
            '{"line": 1, "text": "", "entities": []}',
            f'{{"line": 2, "text": "In Berlin", "entities": [{BERLIN}]}}',
        ],
    ),
    "kept columns in the order asked for, before what was found": (
        {"keep": ["title", "id"]},
        *("in.csv", REVIEWS, "out.csv"),
        [
            "\ufeffline,title,id,start,end,label,score,text",
            "2,'=1+1,7,0,8,PER,0.99,Wolfgang",
            "2,'=1+1,7,13,18,LOC,0.62,Paris",
            "4,x,9,9,15,LOC,0.96,London",
        ],
    ),
    "a kept column that is called as one of ours": (
        {"keep": ["text"]},
        *("in.csv", ["text,n", "In Berlin,1"], "out.jsonl"),
        [f'{{"line": 2, "input_text": "In Berlin", "text": "In Berlin", "entities": [{BERLIN}]}}'],
    ),
    "values of JSON stay what they are": (
        {"keep": ["id", "tags"]},
        *("in.jsonl", OBJECTS, "out.jsonl"),
        [
            f'{{"line": 1, "id": 7, "tags": ["a"], "text": "In Berlin", "entities": [{BERLIN}]}}',
            '{"line": 2, "id": null, "tags": null, "text": "no", "entities": []}',
        ],
    ),
    "in CSV they are JSON": (
        {"keep": ["id", "tags"]},
        *("in.jsonl", OBJECTS, "out.csv"),
        [
            "\ufeffline,id,tags,start,end,label,score,text",
            '1,7,"[""a""]",3,9,LOC,0.98,Berlin',
        ],
    ),
    "both sides and their differences": (
        {"both": True},
        *("in.txt", ["Oslo, Paris"], "out.jsonl"),
        [
            f'{{"line": 1, "text": "Oslo, Paris", "entities_a": [{PARIS}], "entities_b": '
            '[{"start": 0, "end": 4, "text": "Oslo", "label": "LOC", "score": 0.58}], '
            '"differences": [{"kind": "only_right", "left": null, "right": {"start": 0, "end": 4, '
            '"text": "Oslo", "label": "LOC", "score": 0.58}, "drift": null}, {"kind": "only_left", '
            f'"left": {PARIS}, "right": null, "drift": null}}]}}'
        ],
    ),
    "both sides side by side": (
        {"both": True, "keep": ["id"]},
        *("in.csv", REVIEWS, "out.csv"),
        [
            "\ufeffline,id,difference,start_a,end_a,label_a,score_a,text_a,start_b,end_b,label_b,"
            "score_b,text_b",
            "2,7,same,0,8,PER,0.99,Wolfgang,0,8,PER,0.98,Wolfgang",
            "2,7,only_left,13,18,LOC,0.62,Paris,,,,,",
            "4,9,only_right,,,,,,0,4,LOC,0.58,Oslo",
            "4,9,same,9,15,LOC,0.96,London,9,15,LOC,0.93,London",
        ],
    ),
    "redacted rows have nothing else of the input": (
        {"keep": ["id"], "redact": True},
        *("in.csv", REVIEWS, "out.csv"),
        ["\ufeffline,id,text", "2,7,[PER] saw [LOC]", "3,8,nothing", '4,9,"Oslo, in [LOC]"'],
    ),
    "redacted rows of JSON": (
        {"keep": ["id"], "redact": True},
        *("in.jsonl", OBJECTS, "out.jsonl"),
        ['{"line": 1, "id": 7, "text": "In [LOC]"}', '{"line": 2, "id": null, "text": "no"}'],
    ),
    "redacted text, a text to a line": (
        {},
        *("in.csv", ["text,n", '"Ada', "", 'in Berlin",1', ",2", "Acme,3"], "out.txt"),
        ["Ada  in [LOC]", "", "[ORG]"],
    ),
    "an entity takes each token of the input that it touches": (
        {},
        *("in.conll", ["In O", "Berlin-Mitte O", "( O", "Acme O", ""], "out.conll"),
        ["In\tO", "Berlin-Mitte\tB-LOC", "(\tO", "Acme\tB-ORG", ""],
    ),
    "objects given back with keys behind": (
        {"own": True},
        *("in.jsonl", OBJECTS, "out.jsonl"),
        [
            f'{{"id": 7, "text": "In Berlin", "tags": ["a"], "entities": [{BERLIN}]}}',
            '{"text": "no", "id": null, "entities": []}',
        ],
    ),
    "what is called as ours stays": (
        {"own": True},
        *("in.jsonl", ['{"text": "no", "entities": 5}'], "out.jsonl"),
        ['{"text": "no", "entities": 5, "ner_entities": []}'],
    ),
    "objects given back redacted": (
        {"own": True, "redact": True},
        *("in.jsonl", OBJECTS, "out.jsonl"),
        ['{"id": 7, "text": "In [LOC]", "tags": ["a"]}', '{"text": "no", "id": null}'],
    ),
    "lines become a table": (
        {"own": True},
        *("in.txt", ["no"], "out.csv"),
        ["\ufefftext,entities,entities_json", "no,,[]"],
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_what_is_written_of_rows(tmp_path: Path, case: str) -> None:
    """To the byte."""
    asked, name, lines, out, expected = WRITTEN[case]
    taggers = BOTH if asked.get("both") else BOTH[:1]
    settings = {key: value for key, value in asked.items() if key != "both"}
    tag(a_file(tmp_path, name, lines), tmp_path / out, *taggers, **settings)
    end = "\r\n" if out.endswith(".csv") else "\n"

    assert "".join(f"{line}{end}" for line in expected) == (tmp_path / out).read_bytes().decode()


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


@pytest.mark.parametrize(
    ("name", "layout", "message"),
    [
        ("a.conll", Layout(keep=("id",)), "can't have kept columns"),
        ("a.html", Layout(keep=("id",), both=True), "kept columns and both sides"),
        ("a.txt", Layout(both=True), "can't have both sides"),
        ("a.csv", Layout(both=True, redact=True), "entities of one side"),
        ("a.conll", Layout(own=("text",)), "own rows"),
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
