"""Lines, JSON, files that are whole or not there, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.errors import FileFormatError, InputError, ModelRefused
from ner.io import atomically, neutralize, read_json, read_lines, split_lines, write_csv

CASES = json.loads((Path(__file__).parent / "data" / "formula_cells.json").read_text("ascii"))
EXPECTED = {cell: f"'{cell}" for cell in CASES["formulas"]} | {
    cell: cell for cell in CASES["texts"]
}


@pytest.mark.parametrize(("cell", "expected"), EXPECTED.items(), ids=map(ascii, EXPECTED))
def test_a_formula_gets_an_apostrophe_and_a_text_none(cell: str, expected: str) -> None:
    """What begins like a formula, also after white space and in full width; nothing else."""
    assert expected == neutralize(cell)


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_the_same_from_a_file_and_from_a_text(tmp_path: Path, encoding: str) -> None:
    """They end at LF, CRLF or CR, never at U+2028, U+0085 or a form feed; a mark is no part."""
    text = "Ada\r\nLove\x85la\x0cce\rin\u2028London\n\nend"
    file = tmp_path / "lines.txt"
    file.write_bytes(text.encode(encoding))

    assert ["Ada", "Love\x85la\x0cce", "in\u2028London", "", "end"] == list(read_lines(file))
    assert list(read_lines(file)) == split_lines(text)


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"a\nM\xfcnchen\n", "UTF-8"), (b"a\n\0\n", "line 2: a NUL"), (None, "can't be read")],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes | None, named: str) -> None:
    """With the file's name and what is wrong."""
    file = tmp_path / "lines.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FileFormatError, match=named):
        list(read_lines(file))


def test_a_file_is_read_no_further_than_its_limit(tmp_path: Path) -> None:
    """Ten characters are taken, and eleven refused, be it on one line or on many."""
    file = tmp_path / "lines.txt"
    file.write_text("1234\n6789\n")
    assert 2 == len(list(read_lines(file, limit=10)))
    for content in ("12345678901", "1\n" * 6, "x" * 1000):
        file.write_text(content)
        with pytest.raises(InputError, match="over the 10 characters"):
            list(read_lines(file, limit=10))


@pytest.mark.parametrize(
    ("content", "named"),
    [(None, "There is no"), ("{", "can't be read"), ("[1]", "no.*object|not a JSON object")],
)
def test_what_is_no_json_object_is_told(tmp_path: Path, content: str | None, named: str) -> None:
    """As the error that the caller names; an object is given back."""
    file = tmp_path / "config.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ModelRefused, match=named):
        read_json(file, ModelRefused)
    file.write_text('{"a": 1}')
    assert {"a": 1} == read_json(file)


def _fill(place: Path, *, folder: bool, content: str) -> None:
    if folder:
        place.mkdir()
        place = place / "inside"
    place.write_text(content)


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_what_is_written_is_whole_or_not_there(tmp_path: Path, folder: bool) -> None:
    """A failure leaves what was there before, and nothing half made; success replaces it."""
    target = tmp_path / "deep" / "target"
    inside = target / "inside" if folder else target
    for content, fails in (("one", False), ("two", True), ("three", False)):
        try:
            with atomically(target) as fresh:
                _fill(fresh, folder=folder, content=content)
                assert not fails
        except AssertionError:
            assert "one" == inside.read_text()
        else:
            assert content == inside.read_text()
        assert [target] == list(target.parent.iterdir())
