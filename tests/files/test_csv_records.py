"""Records of CSV and TSV: no mistake in one swallows others."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.samples import written
from ner.files.csv_records import BadRow, Line, records
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

    assert [["h"] * width, *table] == [row[1] for row in read if not isinstance(row, BadRow)]
    assert len(read) == len(table) + 1


@given(st.lists(st.text('a,"\n\r', max_size=8), max_size=12))
def test_no_line_is_swallowed(parts: list[str]) -> None:
    """Whatever stands in a file, each line with a letter is in a record or reported."""
    content = "".join(f"{part}<{index}>\n" for index, part in enumerate(parts))
    lines = [Line(n, text) for n, text in enumerate(io.StringIO(content, newline=""), start=1)]
    read = list(records(iter(lines), ","))

    starts = [row.line if isinstance(row, BadRow) else row[0].number for row in read]
    assert starts == sorted(set(starts))
    kept = "".join(row.content if isinstance(row, BadRow) else "".join(row[1]) for row in read)
    for index in range(len(parts)):
        assert f"<{index}>" in kept


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

    assert not isinstance(header, BadRow)
    assert list(range(2, count + 2)) == [bad.line for bad in read if isinstance(bad, BadRow)]
    assert len(fed) <= 10 * count


def test_a_record_over_lines_is_read_after_many_mistakes(tmp_path: Path) -> None:
    """What was given back once too often is made up for by lines that are right."""
    wide = ",".join([*["c"] * 49, "text"])
    bad, right = ['x","y'] * 200, [",".join(['"v"'] * 50)] * 2_000
    cell = [",".join(["v"] * 49) + ',"two', 'lines"']
    file = written(tmp_path, "a.csv", "\n".join([wide, *bad, *right, *cell]))

    assert "two\nlines" == list(inspect(file).choose("text").rows())[-1].text
