"""Records of CSV and TSV: no mistake in one swallows others."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.samples import good, problems, texts, written
from ner.files.csv_records import BadRow, Line, Record, records
from ner.files.read import inspect

# Text that a CSV file in UTF-8 can hold.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))))
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]]) -> None:
    """Oracle: any cells, quoted by csv.writer, come back as they were."""
    width = len(table[0]) if table else 1
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([["h"] * width, *table])
    lines = (
        Line(number, text)
        for number, text in enumerate(io.StringIO(buffer.getvalue(), newline=""), start=1)
    )
    read = list(records(lines, ","))

    assert [["h"] * width, *table] == [row.fields for row in read if isinstance(row, Record)]
    assert len(read) == len(table) + 1


@given(st.lists(st.text('a,"\n\r', max_size=8), max_size=12))
def test_no_line_is_swallowed(parts: list[str]) -> None:
    """Whatever stands in a file, each line with a letter is in a record or reported."""
    content = "".join(f"{part}<{index}>\n" for index, part in enumerate(parts))
    lines = [Line(n, text) for n, text in enumerate(io.StringIO(content, newline=""), start=1)]
    read = list(records(iter(lines), ","))

    starts = [row.line for row in read]
    assert starts == sorted(set(starts))
    kept = "".join(row.content if isinstance(row, BadRow) else "".join(row.fields) for row in read)
    for index in range(len(parts)):
        assert f"<{index}>" in kept


def test_one_bad_record_costs_no_other(tmp_path: Path) -> None:
    """Ragged, unclosed, NUL, badly closed: each is reported, all others are read."""
    file = written(
        tmp_path,
        "a.csv",
        'id,text\r\n1,"two\r\nlines"\r\n2\r\n3,"open\r\n4,fine\r\n5,a\0b\r\n6,"a"b\r\n'
        '7,"with ""quotes"""\r\n8,5" pipe\r\n9,a,b\r\n10,last',
    )

    assert {2: "two\r\nlines", 6: "fine", 9: 'with "quotes"', 10: '5" pipe', 12: "last"} == good(
        file
    )
    found = problems(file)
    assert [4, 5, 7, 8, 11] == sorted(found)
    assert "1 field; expected 2" in found[4]
    assert "not closed" in found[5]
    assert "NUL" in found[7]
    assert "closing quote" in found[8]


def test_long_fields_are_read(tmp_path: Path) -> None:
    """The csv module stops at 131,072 characters."""
    file = written(tmp_path, "a.csv", "id,text\n1," + "x" * 200_000 + "\n2,y\n")

    assert [200_000, 1] == [len(text) for text in texts(file)]


def test_tab_separated_quotes_may_be_literal(tmp_path: Path) -> None:
    """Quoted as Excel does it, or not at all: both are read."""
    file = written(tmp_path, "a.tsv", 'id\ttext\n1\t"Hi," he said\n2\t"open\n3\t"tab\there"\n')

    assert ['"Hi," he said', '"open', "tab\there"] == texts(file)


def test_literal_quotes_over_several_lines_swallow_no_row(tmp_path: Path) -> None:
    """Speech that opens in one row and closes in another; a cell over lines is still one."""
    file = written(
        tmp_path,
        "a.tsv",
        'id\ttext\n1\t"I am tired.\n2\tnothing\n3\tI go home."\n4\t"two\nlines"\n',
    )

    assert {2: '"I am tired.', 3: "nothing", 4: 'I go home."', 5: "two\nlines"} == good(file)


@pytest.mark.parametrize("width", [2, 3_000])
@pytest.mark.parametrize("line", ['x","y', 'x","y",",', 'a""","b'])
def test_quotes_that_never_close_cost_no_more_than_their_lines(
    monkeypatch: pytest.MonkeyPatch, width: int, line: str
) -> None:
    """Each line closes a quote and opens another: all are reported, none read over and over."""
    fed: list[None] = []
    parse = csv.reader
    monkeypatch.setattr(
        "ner.files.csv_records.csv.reader",
        lambda lines, **kind: parse((fed.append(None) or one for one in lines), **kind),
    )
    count = 5_000
    lines = [Line(1, "c," * (width - 1) + "text\n")]
    lines += [Line(number, f"{line}\n") for number in range(2, count + 2)]
    header, *read = records(iter(lines), ",")

    assert isinstance(header, Record)
    assert list(range(2, count + 2)) == [bad.line for bad in read if isinstance(bad, BadRow)]
    assert len(fed) <= 10 * count


def test_a_record_over_lines_is_read_after_many_mistakes(tmp_path: Path) -> None:
    """What was given back once too often is made up for by lines that are right."""
    wide = ",".join([*["c"] * 49, "text"])
    bad, right = ['x","y'] * 200, [",".join(['"v"'] * 50)] * 2_000
    cell = [",".join(["v"] * 49) + ',"two', 'lines"']
    file = written(tmp_path, "a.csv", "\n".join([wide, *bad, *right, *cell]))

    assert "two\nlines" == list(inspect(file).choose("text").rows())[-1].text
