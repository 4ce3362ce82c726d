"""Tables: one value, written as Markdown, CSV and HTML and on a terminal."""

from __future__ import annotations

import csv
import io

import pytest

from ner import tables
from ner.cli.terminal import print_table
from ner.stats import Estimate
from ner.tables import Cell, Table

TABLE = Table.of(
    "F1 by type",
    ("Type", "F1", "Can replace"),
    [
        ("LOC", tables.estimate(Estimate(0.5, 0.25, 1.0)), Cell("yes", answer="yes")),
        ("=A|<b>\u202e", tables.estimate(Estimate(1 / 3, 0.0, 1.0)), Cell("undecided", "2 more")),
    ],
    note="In per cent.",
)


def test_a_row_is_as_wide_as_its_table() -> None:
    """A column that is forgotten is found where the table is made."""
    with pytest.raises(ValueError, match="not as wide"):
        Table.of("x", ("a", "b"), [("1",)])


def test_markdown_has_intervals_and_no_foreign_markup() -> None:
    """Heading, note, and pipes only where columns begin."""
    assert tables.markdown(TABLE).split("\n") == [
        "## F1 by type",
        "",
        "In per cent.",
        "",
        "| Type | F1 | Can replace |",
        "|---|---|---|",
        "| LOC | 50.0 (25.0–100.0) | yes |",
        "| =A\\|\\<b\\>\u202e | 33.3 | undecided (2 more) |",
    ]


def test_csv_has_the_numbers_and_runs_no_formula() -> None:
    """Unrounded, under the table's own heads; two tables stand one after the other."""
    [head, first, second, *again] = csv.reader(io.StringIO(tables.csv(TABLE, TABLE)))

    assert ["table", *TABLE.columns] == head
    assert ["F1 by type", "LOC", "0.5", "yes"] == first
    assert ["F1 by type", "'=A|<b>\u202e", str(1 / 3), "undecided"] == second
    assert [head, first, second] == again


def test_html_shows_a_text_and_is_none_of_it() -> None:
    """The first cell of a row is its head; what can't be seen is named."""
    markup = tables.html(TABLE)

    assert '<th scope="row">LOC</th>' in markup
    assert '50.0 <span class="small">25.0–100.0</span>' in markup
    assert "=A|&lt;b&gt;" in markup and 'data-name="RLO"' in markup
    assert "<button" not in markup


def test_a_terminal_gets_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, note and every cell, in columns."""
    print_table(TABLE)
    shown = capsys.readouterr().out

    assert "F1 by type" in shown and "In per cent." in shown
    assert "50.0 (25.0–100.0)" in shown
    assert "\u202e" not in shown
