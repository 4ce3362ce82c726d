"""What the README of `ner/files` says is so: its commands, its endings, its rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from test_cli import ROOT, here

from ner.files import write
from ner.files.columns import guess_column
from ner.files.gold import FORMATS, parse_gold
from ner.files.marked import Offsets
from ner.files.read import ENDINGS
from ner.io import split_lines
from ner.tagging.tagger import MAX_CHARACTERS

FOLDER = ROOT / "ner" / "files"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^python -m ner (.+)$", README, flags=re.MULTILINE)


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_batch_example_runs_as_it_stands(
    bundled_sides: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file such as it names; the columns are those that the README lists."""
    line = next(line for line in COMMANDS if line.endswith("--out entities.csv"))
    (tmp_path / "reviews.csv").write_text("id,text\n7,Ada Lovelace lived in London.\n")
    monkeypatch.chdir(tmp_path)
    assert 0 == here(*line.split()).returncode
    head, *rows = (tmp_path / "entities.csv").read_text(encoding="utf-8-sig").splitlines()

    assert ", ".join(f"`{name}`" for name in head.split(",")) in README
    assert ["Ada Lovelace", "London"] == [row.split(",")[-1] for row in rows]


def test_the_endings_are_those_that_are_read_and_written() -> None:
    """Each stands in its table, and no other one."""
    first_cells = {
        title: re.findall(r"^\| (`\..*?) \|", section(title), flags=re.MULTILINE)
        for title in ("In", "Out")
    }

    assert set(ENDINGS) == set(re.findall(r"`(\.\w+)`", " ".join(first_cells["In"])))
    assert [f"`{ending}`" for ending in write.ENDINGS] == first_cells["Out"]
    header = write.output_for(Path("a.csv")).header.strip("\ufeff\r\n").split(",")
    assert ", ".join(f"`{name}`" for name in header) in section("Out")


def test_the_formats_of_gold_are_those_of_the_list() -> None:
    """In the order in which they are tried; and what offsets may count."""
    listed = re.findall(r"^\| `([a-z]+)` \|", section("Gold"), flags=re.MULTILINE)

    assert [each.name for each in FORMATS] == listed
    assert all(f"`{kind}`" in section("Gold") for kind in Offsets)


def test_the_rules_hold() -> None:
    """The limit of a text, and the usual names."""
    assert f"more than {MAX_CHARACTERS:,} characters" in " ".join(section("In").split())
    for name in ("text", "sentence", "content", "review"):
        assert name == guess_column(["id", name, "other"], [])


def test_the_examples_of_gold_are_read() -> None:
    """Brackets as they stand there, and the same as JSON lines."""
    [marked] = re.findall(r"`(\[Ada Lovelace\].*?)`", README)
    [gold] = parse_gold(split_lines(marked), "the README")
    spans = [{"start": 0, "end": 12, "label": "PER"}, {"start": 22, "end": 28, "label": "LOC"}]
    record = {"text": "Ada Lovelace lived in London.", "entities": spans}

    assert [gold] == parse_gold([json.dumps(record)], "the README")
