"""Reading files row by row: nothing swallowed, every problem with its line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner.errors import FileFormatError, InputError
from ner.files.csv_records import LONGEST_RECORD, BadRow, Line, Record, _Fields, records
from ner.files.rows import Format, Row, guess_column, inspect

# Text that a CSV file in UTF-8 can hold.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content, its line ends as they stand."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def texts(file: Path, column: str | None = None) -> list[str]:
    """The texts of a file without bad rows."""
    source = inspect(file)
    rows = list(source.choose(column).rows())
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.text for row in rows if isinstance(row, Row)]


def problems(file: Path) -> dict[int, str]:
    """The lines of the bad rows, and what is said of them."""
    return {row.line: row.problem for row in inspect(file).rows() if isinstance(row, BadRow)}


def good(file: Path) -> dict[int, str]:
    """The texts that were read, by the lines where they begin."""
    return {row.line: row.text for row in inspect(file).rows() if isinstance(row, Row)}


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


@pytest.mark.parametrize(
    ("encoding", "option"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("cp1252", "cp1252")],
)
def test_encodings(tmp_path: Path, encoding: str, option: str | None) -> None:
    """UTF-8 with and without a mark and UTF-16 are told by themselves, others are chosen."""
    file = written(tmp_path, "a.csv", "id,text\r\n1,Zürich – «é»\r\n".encode(encoding))
    source = inspect(file, encoding=option)

    assert source.columns == ("id", "text")
    assert [Row(2, "Zürich – «é»")] == list(source.rows())


@pytest.mark.parametrize("chosen", ["utf-16-le", "utf-16-be", "UTF-16"])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_mark_is_no_text_where_the_encoding_was_chosen(
    tmp_path: Path, chosen: str, mark: bytes
) -> None:
    """It goes, and the order of bytes that it tells is the one that is read."""
    order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    file = written(tmp_path, "a.txt", mark + "Zürich".encode(order))
    bare = written(tmp_path, "bare.txt", "Zürich".encode("utf-16-be"))

    assert [Row(1, "Zürich")] == list(inspect(file, encoding=chosen).rows())
    assert [Row(1, "Zürich")] == list(inspect(bare, encoding="utf-16-be").rows())


def test_no_silent_mojibake(tmp_path: Path) -> None:
    """What is not UTF-8 is refused with its line and what to do, also far into the file."""
    file = written(tmp_path, "a.txt", b"fine\n" * 300_000 + b"caf\xe9\n")

    with pytest.raises(FileFormatError, match=r"line 300001: not utf-8.*cp1252"):
        inspect(file)
    assert "café" == list(inspect(file, encoding="latin-1").rows())[-1].text
    with pytest.raises(FileFormatError, match="not utf-8"):
        inspect(written(tmp_path, "cut.txt", "é".encode()[:1]))


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    """Also a codec that is none of text."""
    file = written(tmp_path, "a.txt", "a")

    for name in ("klingon", "zlib"):
        with pytest.raises(InputError, match="no text encoding"):
            inspect(file, encoding=name)


def test_cells_are_never_interpreted(tmp_path: Path) -> None:
    """NA, numbers and truth values are the text that stands there; blank lines are no rows."""
    cells = ["NA", "None", "null", "nan", "007", "TRUE", "", " 1e5 "]
    file = written(tmp_path, "a.csv", "n,text\n" + "\n".join(f"1,{cell}" for cell in cells))

    assert cells == texts(file)


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


def test_endless_lines_are_reported_in_bounded_memory(tmp_path: Path) -> None:
    """A line over the limit is skipped whole, and the next one has the right number."""
    file = written(tmp_path, "a.txt", "a\n" + "x" * (2 * LONGEST_RECORD + 5) + "\nb\n")

    assert {1: "a", 3: "b"} == good(file)
    assert "longer than 8,000,000" in problems(file)[2]


def test_columns_and_delimiters(tmp_path: Path) -> None:
    """The delimiter is the header's; a column can be chosen, one that is not there can't."""
    semicolons = written(tmp_path, "a.csv", '"a,b";note;body\n1;2;"x;y"\n')
    source = inspect(semicolons)

    assert (source.columns, source.column, source.guessed) == (
        ("a,b", "note", "body"),
        "body",
        True,
    )
    assert ["x;y"] == texts(semicolons)
    assert ["2"] == texts(semicolons, "note")
    with pytest.raises(InputError, match=r"no column 'Text'\. Its columns are 'a,b', "):
        source.choose("Text")


def test_a_header_with_a_name_twice(tmp_path: Path) -> None:
    """It is refused only where the texts would be in one of the two."""
    source = inspect(written(tmp_path, "a.csv", "x,x,text\n1,2,three\n"))

    assert [Row(2, "three")] == list(source.rows())
    with pytest.raises(InputError, match="2 columns 'x'"):
        source.choose("x")


def test_which_column_it_is_may_be_left_open(tmp_path: Path) -> None:
    """Where no column looks like text, one must be chosen."""
    source = inspect(written(tmp_path, "a.csv", "a,b\n1,2\n"))

    assert source.column is None
    with pytest.raises(InputError, match="Choose one of 'a', 'b'"):
        source.rows()
    assert [Row(2, "1")] == list(source.choose("a").rows())


@pytest.mark.parametrize(
    ("columns", "sample", "expected"),
    [
        (["anything"], [], "anything"),
        (["id", " Text "], [["1", "a"]], " Text "),
        (["tweet", "text"], [], "text"),
        (["id", "remark"], [["1", "one two three four"]], "remark"),
        (["id", "name"], [["1", "Ada"]], None),
        (["text", "text", "body"], [], "body"),
    ],
)
def test_the_guess_at_the_column(
    columns: list[str], sample: list[list[str]], expected: str | None
) -> None:
    """The only one, a usual name, the wordiest, or none."""
    assert expected == guess_column(columns, sample)


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
    fed = []
    feed = _Fields.feed
    monkeypatch.setattr(_Fields, "feed", lambda self, text: (fed.append(1), feed(self, text))[1])
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


def test_json_lines_fail_one_by_one(tmp_path: Path) -> None:
    """NaN, a key twice, depth, huge numbers, no string: an error each, and the rest goes on."""
    lines = [
        '{"text": "a\u2028b"}',
        '{"text": NaN}',
        "",
        '{"text": "a", "text": "b"}',
        "[" * 100_000,
        '{"text": "a", "n": ' + "9" * 5_000 + "}",
        '{"text": 5}',
        '{"other": "a"}',
        "plain",
        '{"text": "\\ud800 last"}',
    ]
    file = written(tmp_path, "a.jsonl", "\r\n".join(lines))

    assert {1: "a\u2028b", 10: "\ud800 last"} == good(file)
    assert [2, 4, 5, 6, 7, 8, 9] == sorted(problems(file))


def test_json_keys_are_columns(tmp_path: Path) -> None:
    """The key with the texts is guessed among those that hold strings; any may be chosen."""
    record = json.dumps({"id": 5, "title": "T", "content": "C", "author": "A"})
    source = inspect(written(tmp_path, "a.jsonl", record))

    assert (("title", "content", "author"), "content") == (source.columns, source.column)
    assert [Row(1, "A")] == list(source.choose("author").rows())


def test_the_key_may_hold_text_only_later(tmp_path: Path) -> None:
    """Where the first objects hold none nothing is guessed, but a key may be chosen."""
    lines = ['{"text": null}'] * 100 + ['{"text": "late"}']
    source = inspect(written(tmp_path, "a.jsonl", "\n".join(lines)))

    assert ((), None) == (source.columns, source.column)
    with pytest.raises(InputError, match="hold no strings"):
        source.choose(None)
    *failed, last = source.choose("text").rows()
    assert Row(101, "late") == last
    assert 100 == len(failed)


def test_a_sample_of_many_keys_is_bounded(tmp_path: Path) -> None:
    """Objects without a key in common, each of which would have a cell for all."""
    lines = [json.dumps({f"k{n}-{key}": "" for key in range(500)}) for n in range(100)]
    source = inspect(written(tmp_path, "a.jsonl", "\n".join(lines)))

    assert 16_384 == len(source.columns)


def test_plain_lines_keep_their_numbers(tmp_path: Path) -> None:
    """Blank lines are rows; LF, CRLF and CR end a line and U+2028 does not."""
    file = written(tmp_path, "a.txt", "a\r\n\n b\u2028c \rd")

    assert {1: "a", 2: "", 3: " b\u2028c ", 4: "d"} == good(file)


def test_conll_sentences_fail_one_by_one(tmp_path: Path) -> None:
    """Wrong columns cost their sentence; -DOCSTART-, comments and IOB1 do not."""
    file = written(
        tmp_path,
        "a.conll",
        "-DOCSTART- -X- O O\n\nAda I-PER\nran O\n\n# note\nlonely\n\nin O\n\tO\n\nBonn\tX-LOC\n\n"
        "Rome I-LOC",
    )

    assert {3: "Ada ran", 14: "Rome"} == good(file)
    assert [7, 10, 12] == sorted(problems(file))


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


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "a.conll"])
def test_archives_are_refused_by_their_first_bytes(tmp_path: Path, name: str) -> None:
    """Whatever they are called; nothing is unpacked."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bomb.csv", "0" * 1_000_000)
    for content in (archive.getvalue(), gzip.compress(b"text\n"), b"%PDF-1.7", b"PAR1"):
        with pytest.raises(FileFormatError, match="not text; nothing was unpacked"):
            inspect(written(tmp_path, name, content))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", codecs.BOM_UTF8, "no header"),
        ("a.csv", "text\n", "only a header"),
        ("a.csv", '"text\n1\n', "not closed"),
        ("a.csv", "," * 16_384 + "\n1\n", "16,385 columns; at most 16,384"),
        ("a.jsonl", "plain\n", "none of its first 100 lines"),
        ("a.xlsx", "x", "not known by its name; expected .csv"),
        ("a.json", "[]", "not known by its name"),
    ],
)
def test_files_that_hold_no_texts(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """Refused as a whole, with what is wrong."""
    with pytest.raises(FileFormatError, match=message):
        inspect(written(tmp_path, name, content))


def test_a_file_that_is_not_there() -> None:
    """As any other that can't be read."""
    with pytest.raises(FileFormatError, match="can't be read"):
        inspect(Path("nowhere.csv"))


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
