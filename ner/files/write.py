"""Tagged rows as files: JSON lines, CSV, CoNLL, redacted text, Parquet, Excel, a report in HTML.

Rows are written one by one, so what is kept of a run never depends on what follows. The report,
Parquet and Excel are made of them once they are all there.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from gzip import GzipFile
from io import StringIO
from pathlib import Path

from ner import schema
from ner.comparing.agreement import Agreement, align
from ner.entities import Entity, Tagged, bio_tags
from ner.errors import Failure, FileFormatError, InputError
from ner.files.conll import check_conll_labels, conll_lines, token_lines
from ner.files.read import Row, ending_of
from ner.files.report import report
from ner.files.tokens import annotate
from ner.io import neutralize, write_csv

_ENTITY_COLUMNS = ("start", "end", "label", "score", "text")
# What no cell of Excel may hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
CSV_RULE = (
    "In CSV a cell that a spreadsheet could take for a formula (it begins with =, +, -, @, also "
    "full width, or with a tab, line end or NUL) gets an apostrophe before it. JSON lines keep it "
    "as it is."
)
# Makes the file of the rows that were written, and facts on the run.
Finish = Callable[[Path, Path, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class TaggedRow:
    """A row of the input with what was found in it; ``beside`` is what a second side found."""

    row: Row
    tagged: Tagged
    beside: Tagged | None = None

    @property
    def found(self) -> int:
        """How many entities, of the side that found more."""
        return max(len(side.entities) for side in (self.tagged, self.beside or self.tagged))

    @property
    def agreement(self) -> Agreement:
        """Both sides aligned; one alone agrees with itself."""
        return align(self.tagged, self.beside or self.tagged)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is written of each row.

    ``keep`` are the columns of the input that go along (`Source.keep`). With ``both`` the entities
    of two sides and their differences are written; with ``redact`` no entities, but the text with
    their labels in their places.

    With ``own``, the columns of the input, each row is given back as it was, with columns of ours
    behind, or with the text in ``column`` redacted in its place; CSV has its ``delimiter`` again.
    """

    keep: tuple[str, ...] = ()
    both: bool = False
    redact: bool = False
    own: tuple[str, ...] = ()
    column: str = "text"
    delimiter: str = ","

    def names(self, own: Sequence[str]) -> list[str]:
        """How the kept columns are called beside those of our ``own``."""
        return [f"input_{name}" if name in own else name for name in self.keep]


@dataclass(frozen=True)
class Output:
    """How one kind of file is written.

    ``row`` makes what stands in the file for one row of the input and its tagging; it raises
    ``ValueError`` for a row that can't stand there. ``header`` comes before all rows. ``finish``,
    where there is one, makes another file of all that. ``check_labels`` raises ``InputError`` for
    labels that can't stand in any row.
    """

    header: str
    row: Callable[[TaggedRow], str]
    finish: Finish | None = None
    check_labels: Callable[[Iterable[str]], None] | None = None


def output_for(path: Path, layout: Layout | None = None) -> Output:
    """The kind of file that the ending of ``path`` asks for, laid out as ``layout`` says.

    ``.gz`` after it packs the file. Raises ``FileFormatError`` for an ending that is not known,
    ``InputError`` for a layout that such a file can't have.
    """
    ending, layout = ending_of(path), layout or Layout()
    if ending not in ENDINGS:
        raise FileFormatError(
            path, None, f"can't be written; expected a name ending in {', '.join(ENDINGS)}."
        )
    if layout.both and layout.redact and ending in (".jsonl", *_TABLES):
        raise InputError(
            "A redacted file has the entities of one side. Choose either both or redacted."
        )
    if layout.own:
        output = _own_output(path, ending, layout)
    elif ending == ".jsonl":
        output = Output("", partial(_json_row, layout))
    elif ending in _TABLES:
        output = _table_output(ending, layout)
    else:
        _refuse_layout(ending, layout)
        output = _PLAIN[ending]
    return replace(output, finish=partial(_pack, output)) if path.suffix == ".gz" else output


def _pack(output: Output, rows: Path, made: Path, facts: Mapping[str, str]) -> None:
    if output.finish is not None:
        output.finish(rows, made, facts)
        rows = made.replace(made.with_name("unpacked"))
    # Without a time, so that the same rows are the same bytes.
    with rows.open("rb") as file, GzipFile(made, "wb", mtime=0) as packed:
        shutil.copyfileobj(file, packed)


def _refuse_layout(ending: str, layout: Layout) -> None:
    """Rows of these kinds have one text or one tagging each and nothing else."""
    parts = {
        "kept columns": layout.keep,
        "both sides": layout.both,
        "redacted rows": layout.redact and ending != ".txt",
    }
    if any(parts.values()):
        asked = " and ".join(name for name, part in parts.items() if part)
        raise InputError(
            f"A {ending} file can't have {asked}. Choose a name ending in .jsonl or .csv."
        )


def _table_output(ending: str, layout: Layout) -> Output:
    """CSV, or rows as JSON lists of which a table is made in the end."""
    own = list(_ENTITY_COLUMNS)
    if layout.redact:
        own = ["text"]
    elif layout.both:
        own = ["difference", *(f"{name}_{side}" for side in "ab" for name in own)]
    columns = ["line", *layout.names(["line", *own]), *own]
    if ending == ".csv":
        # The mark makes spreadsheets read it as UTF-8; pandas skips it.
        return Output("\ufeff" + write_csv([columns]), lambda it: write_csv(_cells(layout, it)))
    return Output(
        "",
        lambda it: "".join(f"{json.dumps(row)}\n" for row in _cells(layout, it)),
        partial(_write_frame, ending, columns),
    )


def _write_frame(
    ending: str, columns: Sequence[str], rows: Path, made: Path, _facts: Mapping[str, str]
) -> None:
    import pandas as pd

    with rows.open(encoding="utf-8", newline="\n") as lines:
        # Offsets stay whole numbers where a side has none.
        frame = pd.DataFrame(map(json.loads, lines), columns=pd.Index(columns)).convert_dtypes()
    try:
        if ending == ".xlsx":
            with made.open("wb") as file:
                frame.map(_excel_cell).to_excel(file, index=False, engine="openpyxl")
        else:
            frame.to_parquet(made, index=False)
    except ValueError as error:
        raise Failure(f"The table can't be written as {ending}: {error}.") from error


def _excel_cell(cell: object) -> object:
    return _CONTROL.sub("\ufffd", neutralize(cell)) if isinstance(cell, str) else cell


def _own_output(path: Path, ending: str, layout: Layout) -> Output:
    """The rows of the input again, as CSV or as JSON lines."""
    if ending not in (".csv", ".jsonl"):
        raise FileFormatError(
            path, None, "can't have the file's own rows; expected .csv or .jsonl."
        )
    if ending == ".jsonl":
        return Output("", lambda it: _json_line({**_own(layout, it), **_ours(layout, it)}))

    def line(cells: Iterable[object]) -> str:
        buffer = StringIO()
        csv.writer(buffer, delimiter=layout.delimiter).writerow(cells)
        return buffer.getvalue()

    def row(it: TaggedRow) -> str:
        own = _own(layout, it)
        ours = _in_cells(_ours(layout, it))
        return line([*(_cell(own.get(name)) for name in layout.own), *ours.values()])

    nothing = TaggedRow(Row(0, ""), Tagged("", ()))
    return Output("\ufeff" + line([*layout.own, *_in_cells(_ours(layout, nothing))]), row)


def _own(layout: Layout, it: TaggedRow) -> schema.Json:
    """A row as it was, or with the redacted text in its place."""
    own = {**(it.row.own or {layout.column: it.row.text})}
    return {**own, layout.column: redact(it.tagged)} if layout.redact else own


def _ours(layout: Layout, it: TaggedRow) -> schema.Json:
    """What was found, by names that differ from all of the input's."""
    found = {} if layout.redact else _found(layout, it)
    found.pop("text", None)
    return {f"ner_{name}" if name in layout.own else name: it for name, it in found.items()}


def _in_cells(found: schema.Json) -> dict[str, str]:
    """Lists of entities as text and as JSON, differences as text."""

    def told(entity: schema.Json | None) -> str:
        return "nothing" if entity is None else f"{entity['text']} [{entity['label']}]"

    cells = {}
    for name, entities in found.items():
        if name.endswith("differences"):
            each = (f"{told(one['left'])} → {told(one['right'])}" for one in entities)
            cells[name] = neutralize("; ".join(each))
        else:
            cells[name] = neutralize("; ".join(map(told, entities)))
            cells[f"{name}_json"] = json.dumps(entities, ensure_ascii=False)
    return cells


def _found(layout: Layout, it: TaggedRow) -> schema.Json:
    """The text with its entities; of two sides ``entities_a``, ``entities_b``, ``differences``."""
    if not layout.both:
        return schema.tagged_json(it.tagged)
    agreement = it.agreement
    return {
        "text": agreement.text,
        "entities_a": schema.tagged_json(agreement.left)["entities"],
        "entities_b": schema.tagged_json(agreement.right)["entities"],
        "differences": schema.differences_json(agreement),
    }


def _json_row(layout: Layout, it: TaggedRow) -> str:
    """``{"line", …, "text", "entities"}``, everything as it was found."""
    found = {"text": redact(it.tagged)} if layout.redact else _found(layout, it)
    kept = dict(zip(layout.names(["line", *found]), it.row.kept, strict=True))
    return _json_line({"line": it.row.line, **kept, **found})


def _json_line(record: schema.Json) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def _cell(value: object) -> str:
    """A value of the input; what is no text stands there as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _cells(layout: Layout, it: TaggedRow) -> list[list[object]]:
    """A row for each entity, of two sides for each pair; or the one row that is redacted."""
    before = [it.row.line, *map(_cell, it.row.kept)]
    text = it.tagged.text
    if layout.redact:
        return [[*before, redact(it.tagged)]]
    if not layout.both:
        return [[*before, *_entity_cells(entity, text)] for entity in it.tagged.entities]
    return [
        [
            *before,
            pair.kind.value,
            *_entity_cells(pair.left, text),
            *_entity_cells(pair.right, text),
        ]
        for pair in it.agreement.pairs
    ]


def _entity_cells(entity: Entity | None, text: str) -> list[object]:
    found = {} if entity is None else schema.entity_json(entity, text)
    return [found.get(name) for name in _ENTITY_COLUMNS]


def _conll_rows(it: TaggedRow) -> str:
    """``token<TAB>tag`` lines and a blank one.

    The tokens are the input's where it has some, and an entity takes each token that it touches;
    else they are as `ner.files.gold.annotate` parts them.
    """
    row, tagged = it.row, it.tagged
    if row.tokens is not None:
        tokens = (tagged.text[start:end] for start, end in row.tokens)
        lines = token_lines(tokens, bio_tags(tagged.entities, row.tokens))
    else:
        lines = conll_lines([annotate(tagged)] if tagged.text.strip() else [])
    return "".join(f"{line}\n" for line in lines)


def _redacted_row(it: TaggedRow) -> str:
    """The redacted text on one line; line ends become spaces."""
    return re.sub(r"\r\n|[\r\n]", " ", redact(it.tagged)) + "\n"


def redact(tagged: Tagged) -> str:
    """The text with ``[PER]`` in the place of each person.

    >>> redact(Tagged("Ada lives here.", (Entity(0, 3, "PER"),)))
    '[PER] lives here.'
    """
    redacted, position = "", 0
    for entity in tagged.entities:
        redacted += f"{tagged.text[position : entity.start]}[{entity.label}]"
        position = entity.end
    return redacted + tagged.text[position:]


def _write_report(rows: Path, made: Path, facts: Mapping[str, str]) -> None:
    with rows.open(encoding="utf-8", newline="\n") as lines:
        page = report(lines, facts)
    made.write_text(page, encoding="utf-8", errors="replace", newline="\n")


_TABLES = (".csv", ".parquet", ".xlsx")
_PLAIN: Mapping[str, Output] = {
    ".conll": Output("", _conll_rows, check_labels=check_conll_labels),
    ".txt": Output("", _redacted_row),
    ".html": Output("", partial(_json_row, Layout()), _write_report),
}
ENDINGS = (".jsonl", *_TABLES, *_PLAIN)
