"""Tagged rows as files that other programs read, and that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from fakes import DictionaryTagger

from files.samples import LINES, a_file, tag
from ner.entities import Entity, Tagged
from ner.files.conll import read_conll
from ner.files.gold import read_gold
from ner.files.read import Row
from ner.files.resume import errors_file
from ner.files.write import output_for


def test_json_lines_are_faithful(tmp_path: Path) -> None:
    """Each row with its line; pandas reads them, and so does `read_gold`."""
    out = tmp_path / "out.jsonl"
    step = tag(a_file(tmp_path), out)
    frame = pd.read_json(out, lines=True)

    assert (4, 4, 0) == (step.rows, step.tagged, step.failed)
    assert [1, 2, 3, 4] == frame["line"].tolist()
    assert LINES == frame["text"].tolist()
    assert {"start": 17, "end": 25, "text": "Wolfgang", "label": "PER", "score": 0.99} == (
        frame["entities"][0][1]
    )
    assert [DictionaryTagger()(line).entities for line in LINES] == [
        tuple(
            Entity(e.start, e.end, e.label, DictionaryTagger().words[g.tagged.spelled(e)][1])
            for e in g.tagged.entities
        )
        for g in read_gold(out)
    ]
    assert not errors_file(out).exists()


def test_csv_has_a_row_for_each_entity(tmp_path: Path) -> None:
    """Read by pandas and by the csv module."""
    out = tmp_path / "out.csv"
    tag(a_file(tmp_path), out)
    frame = pd.read_csv(out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert ["line", "start", "end", "label", "score", "text"] == list(frame.columns)
    assert ["Ada Lovelace", "Wolfgang", "London", "Acme", "Berlin", "Paris"] == [
        row["text"] for row in rows
    ]
    assert [1, 1, 1, 3, 3, 3] == frame["line"].tolist()


def test_conll_is_read_by_evaluate(tmp_path: Path) -> None:
    """One sentence for each text that is not blank, entities where they were found."""
    out = tmp_path / "out.conll"
    tag(a_file(tmp_path), out)
    sentences = read_conll(out)

    assert [["Ada Lovelace", "Wolfgang", "London"], ["Acme", "Berlin", "Paris"], []] == [
        [one.tagged.spelled(entity) for entity in one.tagged.entities] for one in sentences
    ]


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
    redacted = output_for(out).row(Row(1, ""), DictionaryTagger()("Ada\r\nin Berlin\n\nnow"))

    assert ["[PER] met [PER] in [LOC].", "", "[ORG] opened in [LOC] and [LOC]", "nothing here"] == (
        out.read_text().splitlines()
    )
    assert "Ada in [LOC]  now\n" == redacted


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\0＝＋－＠", " =", "\u200b="])
def test_formulas_are_neutralized_in_csv_only(start: str) -> None:
    """An apostrophe goes before a cell that a spreadsheet could run; JSON keeps it."""
    text = f"{start}cmd"
    tagged = Tagged(text, (Entity(0, len(text), "LOC", 0.5),))
    [cells] = csv.reader(
        io.StringIO(output_for(Path("a.csv")).row(Row(1, text), tagged), newline="")
    )
    [line] = output_for(Path("a.jsonl")).row(Row(1, text), tagged).splitlines()

    assert f"'{text}" == cells[-1]
    assert text == json.loads(line)["text"]
