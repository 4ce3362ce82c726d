"""Files of tables and packed files, in and out: the same rows whatever they are kept in."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from files.samples import tag
from ner.files.read import Row, inspect

TEXTS = ["Wolfgang saw Paris", "nothing", "in London"]
FRAME = pd.DataFrame({"id": [7, 8, 9], "text": TEXTS, "odd": ["=1+1", "", "x"]})


def made(folder: Path, name: str) -> Path:
    """The frame as a file of this name."""
    file = folder / name
    records = FRAME.to_dict("records")
    if name.endswith(".parquet"):
        FRAME.to_parquet(file)
    elif name.endswith(".xlsx"):
        FRAME.to_excel(file, index=False)
    elif name.endswith(".gz"):
        FRAME.to_csv(file, index=False)
    else:
        file.write_text(json.dumps(records, indent=1 if "pretty" in name else None))
    return file


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.csv.gz", "a.json", "pretty.json"])
def test_tables_are_read_as_rows(tmp_path: Path, name: str) -> None:
    """With their columns; what is kept of them goes along."""
    source = inspect(made(tmp_path, name))

    assert "text" == source.column
    assert TEXTS == [row.text for row in source.rows()]
    assert ["7", "8", "9"] == [str(row.own["id"]) for row in source.rows() if isinstance(row, Row)]


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_in_excel_as_in_csv_no_cell_is_a_formula(tmp_path: Path, ending: str) -> None:
    """Pandas reads the apostrophe, which Excel does not show."""
    out = tmp_path / f"out.{ending}"
    tag(made(tmp_path, "in.parquet"), out, keep=["odd"])
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "xlsx": pd.read_excel}[ending]

    assert ("=1+1" if ending == "parquet" else "'=1+1") == read(out)["odd"][0]


def test_packed_outputs_are_the_same_bytes_again(tmp_path: Path) -> None:
    """Packed without a time; within is what stands in the file without it."""
    file = made(tmp_path, "in.parquet")
    for name in ("a.jsonl", "a.jsonl.gz", "b.jsonl.gz", "a.html.gz"):
        tag(file, tmp_path / name)

    assert (tmp_path / "a.jsonl").read_bytes() == gzip.decompress(
        (tmp_path / "a.jsonl.gz").read_bytes()
    )
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert b"<h1>Named entities" in gzip.decompress((tmp_path / "a.html.gz").read_bytes())
