"""Cells that no spreadsheet runs: one table of cases for the rule in Python and in the page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from ner.models.catalogue import assets
from ner.spreadsheet import neutralize, write_csv

CASES = json.loads((Path(__file__).parent / "data" / "formula_cells.json").read_text("ascii"))
EXPECTED = {cell: f"'{cell}" for cell in CASES["formulas"]} | {
    cell: cell for cell in CASES["texts"]
}


@pytest.mark.parametrize(("cell", "expected"), EXPECTED.items(), ids=map(ascii, EXPECTED))
def test_a_formula_gets_an_apostrophe_and_a_text_none(cell: str, expected: str) -> None:
    """What begins like a formula, also after white space and in full width; nothing else."""
    assert expected == neutralize(cell)


def test_the_page_has_the_same_rule(chromium: Browser) -> None:
    """Every case of the table, in the script as it is served."""
    script = (assets() / "ui" / "common" / "csv.js").read_text("utf-8")
    page = chromium.new_page()
    cells = [*EXPECTED]
    found = page.evaluate(f"cells => {{ {script}; return cells.map(csv.neutralize); }}", cells)
    written = page.evaluate(f"cells => {{ {script}; return csv.write([[...cells, -1]]); }}", cells)
    page.close()

    assert [*EXPECTED.values()] == found
    assert write_csv([[*cells, -1]]) == written


@given(st.text())
def test_neutralizing_only_ever_adds_an_apostrophe(cell: str) -> None:
    """What it changes, it changes in one way, and what it gives is safe."""
    assert neutralize(cell) in (cell, f"'{cell}")
    assert neutralize(neutralize(cell)) == neutralize(cell)
    assert not neutralize(cell).lstrip().startswith(("=", "+", "-", "@"))


@given(st.lists(st.text()))
def test_rows_are_read_back(cells: list[str]) -> None:
    """As they were, but for apostrophes; numbers stay numbers."""
    [row] = csv.reader(io.StringIO(write_csv([[-1, *cells]]), newline=""))
    assert ["-1", *map(neutralize, cells)] == row
