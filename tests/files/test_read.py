"""Reading files row by row: nothing swallowed, every problem with its line."""

from __future__ import annotations

import codecs
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.samples import good, problems, written
from ner.errors import FileFormatError, InputError
from ner.files.csv_records import LONGEST_RECORD, BadRow
from ner.files.read import Format, Row, inspect

# What stands in a file, by its name; the texts that are read of it, and what is said of bad rows.
READ: dict[str, tuple[str, str, dict[int, str], dict[int, str]]] = {
    "cells are never interpreted": (
        "a.csv",
        "n,text\n1,NA\n\n1,null\n1,nan\n1,007\n1,TRUE\n1,\n1, 1e5 \n",
        {2: "NA", 4: "null", 5: "nan", 6: "007", 7: "TRUE", 8: "", 9: " 1e5 "},
        {},
    ),
    "lines end at line ends only": (
        "a.txt",
        "a\r\n\n b\u2028c \rd",
        {1: "a", 2: "", 3: " b\u2028c ", 4: "d"},
        {},
    ),
    "an endless line is skipped": (
        "a.txt",
        f"a\n{'x' * (2 * LONGEST_RECORD + 5)}\nb\n",
        {1: "a", 3: "b"},
        {2: "longer than 8,000,000"},
    ),
    "JSON lines fail one by one": (
        "a.jsonl",
        '{"text": "a\u2028b"}\r\n{"text": NaN}\r\n\r\n{"text": "a", "text": "b"}\r\n'
        + "[" * 100_000
        + '\r\n{"text": "a", "n": '
        + "9" * 5_000
        + '}\r\n{"text": 5}\r\n{"other": "a"}\r\nplain\r\n{"text": "\\ud800 last"}',
        {1: "a\u2028b", 10: "\ud800 last"},
        {
            **{2: "NaN is not JSON", 4: "'text' stands in it twice", 5: "nested too deeply"},
            **{6: "not JSON", 7: "no string under 'text'", 8: "no string", 9: "not JSON"},
        },
    ),
    "malformed sentences fail one by one": (
        "a.conll",
        "-DOCSTART- -X- O O\n\nAda I-PER\nran O\n\n# note\nlonely\n\nin O\n\tO\n\nBonn\tX-LOC\n\n"
        "Rome I-LOC",
        {3: "Ada ran", 12: "Bonn", 14: "Rome"},
        {7: "'lonely' is no token and tag", 10: "is no token and tag"},
    ),
    "tokens need no tags": (
        "a.conll",
        "Alan\nTuring\nsailed\n\nGrace\n# 5\n",
        {1: "Alan Turing sailed", 5: "Grace #"},
        {},
    ),
    "one bad record costs no other": (
        "a.csv",
        'id,text\r\n1,"two\r\nlines"\r\n2\r\n3,"open\r\n4,fine\r\n5,a\0b\r\n6,"a"b\r\n'
        '7,"with ""quotes"""\r\n8,5" pipe\r\n9,a,b\r\n10,last',
        {2: "two\r\nlines", 6: "fine", 9: 'with "quotes"', 10: '5" pipe', 12: "last"},
        {
            **{4: "1 field; expected 2", 5: "not closed", 7: "NUL", 8: "closing quote"},
            11: "3 fields; expected 2",
        },
    ),
    "longer fields than the csv module takes": (
        "a.csv",
        f"id,text\n1,{'x' * 200_000}\n2,y\n",
        {2: "x" * 200_000, 3: "y"},
        {},
    ),
    "Excel's separator": (
        "a.csv",
        "sep=;\r\nNr;Text\r\n1;Alan Turing, born in London.\r\n",
        {3: "Alan Turing, born in London."},
        {},
    ),
    "quotes in TSV, by Excel or just characters": (
        "a.tsv",
        'id\ttext\n1\t"Hi," he said\n2\t"open\n3\t"tab\there"\n',
        {2: '"Hi," he said', 3: '"open', 4: "tab\there"},
        {},
    ),
    "quotes over lines in TSV swallow no row": (
        "a.tsv",
        'id\ttext\n1\t"I am tired.\n2\tnothing\n3\tI go home."\n4\t"two\nlines"\n',
        {2: '"I am tired.', 3: "nothing", 4: 'I go home."', 5: "two\nlines"},
        {},
    ),
}


@pytest.mark.parametrize("case", READ)
def test_good_rows_are_read_and_bad_ones_told(tmp_path: Path, case: str) -> None:
    """Each by its line."""
    name, content, texts, told = READ[case]
    file = written(tmp_path, name, content)
    found = problems(file)

    assert texts == good(file)
    assert sorted(told) == sorted(found)
    assert all(part in found[line] for line, part in told.items())


RECORD = json.dumps({"id": 5, "title": "T", "content": "C", "author": "A"})
# A file, its columns, and the one that is guessed; what is read of which column, None the guess.
COLUMNS: dict[str, tuple[str, str, tuple[str, ...], str | None, dict[str | None, str]]] = {
    "the delimiter is the header's": (
        *("a.csv", '"a,b";note;body\n1;2;"x;y"\n', ("a,b", "note", "body"), "body"),
        {None: "x;y", "note": "2", "Text": "no column 'Text'. Its columns are 'a,b', 'note'"},
    ),
    "a name twice is refused only where the texts would be in one of the two": (
        *("a.csv", "x,x,text\n1,2,three\n", ("x", "x", "text"), "text"),
        {None: "three", "x": "has 2 columns 'x'"},
    ),
    "where no column looks like text, one must be chosen": (
        *("a.csv", "a,b\n1,2\n", ("a", "b"), None),
        {None: "Choose one of 'a', 'b'", "a": "1"},
    ),
    "keys that hold strings are columns": (
        *("a.jsonl", RECORD, ("title", "content", "author"), "content"),
        {None: "C", "author": "A"},
    ),
    "a key may hold text only later": (
        *("a.jsonl", '{"text": null}\n' * 100 + '{"text": "late"}', (), None),
        {None: "none of the first has text", "text": "late"},
    ),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_the_column_is_guessed_or_chosen(tmp_path: Path, case: str) -> None:
    """The last text of each, or why there is none."""
    name, content, columns, guess, chosen = COLUMNS[case]
    source = inspect(written(tmp_path, name, content))
    found = {}
    for column in chosen:
        try:
            *_, last = source.choose(column).rows()
            found[column] = last.text if isinstance(last, Row) else last.problem
        except InputError as error:
            found[column] = str(error)

    assert (columns, guess) == (source.columns, source.column)
    assert all(told in found[column] for column, told in chosen.items())


def test_columns_to_keep_are_checked_as_the_one_with_the_texts(tmp_path: Path) -> None:
    """A key of JSON lines may come late in the file; lines of text have no columns."""
    table = inspect(written(tmp_path, "a.csv", "id,text\n1,x\n"))
    objects = inspect(written(tmp_path, "a.jsonl", '{"text": "x"}\n'))

    assert ("id", "text") == table.choose(None, ["id", "text"]).keep
    assert ("id",) == objects.choose(None, ["id"]).keep
    with pytest.raises(InputError, match="no column 'no'"):
        table.choose(None, ["no"])
    with pytest.raises(InputError, match="name of a column, got dict"):
        objects.choose(None, [{}])  # type: ignore[list-item]
    with pytest.raises(InputError, match="has no columns to choose"):
        inspect(written(tmp_path, "a.txt", "x\n")).choose(None, ["id"])


def test_a_sample_of_many_keys_is_bounded(tmp_path: Path) -> None:
    """Objects without a key in common, each of which would have a cell for all."""
    lines = [json.dumps({f"k{n}-{key}": "" for key in range(500)}) for n in range(100)]
    source = inspect(written(tmp_path, "a.jsonl", "\n".join(lines)))

    assert 16_384 == len(source.columns)


def test_a_malformed_sentence_is_put_apart_whole(tmp_path: Path) -> None:
    """Under the number of its malformed line; sentences that documents part are not touched."""
    file = written(
        tmp_path,
        "a.conll",
        "-DOCSTART- -X- O\nAda B-PER\nlonely\nran O\n-DOCSTART- -X- O\nin O\nRome B-LOC\n"
        "-DOCSTART- -X- O\nBonn B-LOC\n\n" + f"{'x' * LONGEST_RECORD}\n",
    )
    malformed, rome, bonn, endless = inspect(file).rows()

    assert isinstance(malformed, BadRow)
    assert (3, "Ada B-PER\nlonely\nran O") == (malformed.line, malformed.content)
    assert [Row(6, "in Rome", ((0, 2), (3, 7))), Row(9, "Bonn", ((0, 4),))] == [rome, bonn]
    assert isinstance(endless, BadRow)
    assert (11, LONGEST_RECORD) == (endless.line, len(endless.content))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", codecs.BOM_UTF8, "is empty"),
        ("a.csv", "\n\n", "no header"),
        ("a.csv", "text\n", "only a header"),
        ("a.csv", '"text\n1\n', "not closed"),
        ("a.csv", "," * 16_384 + "\n1\n", "16,385 columns; at most 16,384"),
        ("a.jsonl", "plain\n", "none of its first 100 lines"),
        ("a.docx", "x", "not known by its name; expected .csv"),
        ("a.json", "[]", "none of its first 100 lines"),
        ("a.xlsx", "x", "can't be read as xlsx"),
        ("a.parquet", "x", "can't be read as parquet"),
        ("a.csv.gz", b"\x1f\x8bx", "can't be read"),
    ],
)
def test_files_that_hold_no_texts(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """Refused as a whole, with what is wrong."""
    with pytest.raises(FileFormatError, match=message):
        inspect(written(tmp_path, name, content))


def test_what_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    """A pipe would be empty the second time; nothing waits for somebody to write into it."""
    pipe = tmp_path / "a.txt"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(FileFormatError, match="Save the texts to a file first"):
            inspect(path, format=Format.TXT)


def test_the_format_can_be_said(tmp_path: Path) -> None:
    """For a file with an ending that misleads; CoNLL has no column to choose."""
    source = inspect(written(tmp_path, "train.txt", "Ada B-PER\n"), format=Format.CONLL)

    assert [Row(1, "Ada", ((0, 3),))] == list(source.rows())
    with pytest.raises(InputError, match="no columns"):
        source.choose("text")


@given(
    st.sampled_from(list(Format)),
    st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"text,id\n", b'{"text": "a"}\n']),
    st.binary(max_size=60) | st.text('a",;\t\r\n{}[]:\\ é', max_size=60).map(str.encode),
)
def test_any_bytes_are_read_or_refused(kind: Format, start: bytes, rest: bytes) -> None:
    """Whatever a file holds, there is an error of ours or there are rows, with growing lines."""
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), "any", start + rest)
        try:
            source = inspect(file, format=kind)
            found = list(source.rows())
        except InputError:
            return

    numbers = [row.line for row in found]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= source.lines for number in numbers)
