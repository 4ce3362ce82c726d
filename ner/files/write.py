"""Tagged rows as files: JSON lines, CSV, CoNLL, redacted text, Parquet, Excel, a report in HTML.

Rows are written one by one, so what is kept of a run never depends on what follows. The report,
Parquet and Excel are made of them once they are all there.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

from ner import schema
from ner.comparing.agreement import Agreement, align
from ner.entities import Tagged, bio_tags
from ner.errors import Failure, FileFormatError, InputError
from ner.files.conll import token_lines
from ner.files.read import Row, ending_of
from ner.files.report import write_report
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
# Makes a file of the lines that were written, and of facts on the run.
Finish = Callable[[Iterable[str], Path, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class TaggedRow:
    """A row of the input with what was found in it; ``beside`` is what a second side found."""

    row: Row
    tagged: Tagged
    beside: Tagged | None = None

    @property
    def found(self) -> int:
        """How many entities, of the side that found more."""
        return max(len(self.tagged.entities), len(self.beside.entities) if self.beside else 0)

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


@dataclass(frozen=True)
class Output:
    """How one kind of file is written.

    ``row`` makes what stands in the file for one row of the input and its tagging; it raises
    ``ValueError`` for a row that can't stand there. ``header`` comes before all rows. ``finish``,
    where there is one, makes another file of all that.
    """

    header: str
    row: Callable[[TaggedRow], str]
    finish: Finish | None = None


def output_for(path: Path, layout: Layout | None = None) -> Output:
    """The kind of file that the ending of ``path`` asks for, laid out as ``layout`` says.

    Raises ``FileFormatError`` for an ending that is not known, ``InputError`` for a layout that
    such a file can't have.
    """
    ending, layout = ending_of(path), layout or Layout()
    if ending not in ENDINGS:
        raise FileFormatError(
            path, None, f"can't be written; expected a name ending in {', '.join(ENDINGS)}."
        )
    if layout.both and layout.redact:
        raise InputError(
            "A redacted file has the entities of one side. Choose either both or redacted."
        )
    if layout.own:
        return _own_output(path, ending, layout)
    if ending == ".jsonl":
        return Output("", partial(_json_row, layout))
    if ending in _TABLES:
        return _table_output(ending, layout)
    # Rows of the other kinds have one text or one tagging each and nothing else.
    parts = {
        "kept columns": layout.keep,
        "both sides": layout.both,
        "redacted rows": layout.redact and ending != ".txt",
    }
    if asked := " and ".join(name for name, part in parts.items() if part):
        raise InputError(
            f"A {ending} file can't have {asked}. Choose a name ending in .jsonl or .csv."
        )
    return _PLAIN[ending]


def _table_output(ending: str, layout: Layout) -> Output:
    """CSV, or rows as JSON lines of which a table is made in the end."""
    ours = ["text"] if layout.redact else [*_ENTITY_COLUMNS]
    if layout.both:
        ours = ["difference", *(f"{name}_{side}" for side in "ab" for name in ours)]
    columns = ["line", *_kept(layout, Row(0, ""), ours), *ours]
    if ending == ".csv":

        def row(it: TaggedRow) -> str:
            rows = _table_rows(layout, ours, it)
            return write_csv([record.get(name) for name in columns] for record in rows)

        # The mark makes spreadsheets read it as UTF-8; pandas skips it.
        return Output("\ufeff" + write_csv([columns]), row)
    return Output(
        "",
        lambda it: "".join(map(_json_line, _table_rows(layout, ours, it))),
        partial(_write_frame, ending, columns),
    )


def _table_rows(layout: Layout, ours: Sequence[str], it: TaggedRow) -> Iterator[schema.Json]:
    """A row for each entity, of two sides for each pair; or the one row that is redacted."""
    kept = {name: _cell(value) for name, value in _kept(layout, it.row, ours).items()}
    before = {"line": it.row.line, **kept}
    if layout.redact:
        yield {**before, "text": redact(it.tagged)}
    elif not layout.both:
        for entity in it.tagged.entities:
            yield {**before, **schema.entity_json(entity, it.tagged.text)}
    else:
        for pair in it.agreement.pairs:
            record = {**before, "difference": pair.kind.value}
            for side, one in (("a", pair.left), ("b", pair.right)):
                found = schema.entity_json(one, it.tagged.text) if one else {}
                record |= {f"{name}_{side}": value for name, value in found.items()}
            yield record


def _write_frame(
    ending: str, columns: Sequence[str], rows: Iterable[str], made: Path, _facts: Mapping[str, str]
) -> None:
    import pandas as pd

    # Offsets stay whole numbers where a side has none.
    frame = pd.DataFrame(map(json.loads, rows), columns=pd.Index(columns)).convert_dtypes()
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
        return Output("", lambda it: _json_line(_own(layout, it)))

    def line(own: Iterable[object], ours: Iterable[str]) -> str:
        buffer = StringIO()
        csv.writer(buffer, delimiter=layout.delimiter).writerow([*map(_cell, own), *ours])
        return buffer.getvalue()

    def row(it: TaggedRow) -> str:
        record = _own(layout, it)
        own = [record.pop(name, None) for name in layout.own]
        return line(own, _in_cells(record).values())

    ours = _own(layout, TaggedRow(Row(0, ""), Tagged("")))
    del ours[layout.column]
    return Output("\ufeff" + line(layout.own, _in_cells(ours)), row)


def _own(layout: Layout, it: TaggedRow) -> schema.Json:
    """A row as it was, or with its text redacted, and what was found by names of no column."""
    found = _found(layout, it)
    own = {**it.row.own, layout.column: found.pop("text")}
    for name, value in found.items():
        taken = name in layout.own or name in it.row.own
        own[f"ner_{name}" if taken else name] = value
    return own


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
    if layout.redact:
        return {"text": redact(it.tagged)}
    if not layout.both:
        return schema.tagged_json(it.tagged)
    agreement = it.agreement
    return {
        "text": agreement.text,
        "entities_a": schema.tagged_json(agreement.left)["entities"],
        "entities_b": schema.tagged_json(agreement.right)["entities"],
        "differences": schema.differences_json(agreement),
    }


def _kept(layout: Layout, row: Row, ours: Iterable[str]) -> schema.Json:
    """What goes along of a row; a column that is called as one of ours is renamed."""
    taken = {"line", *ours}
    return {f"input_{name}" if name in taken else name: row.own.get(name) for name in layout.keep}


def _json_row(layout: Layout, it: TaggedRow) -> str:
    """``{"line", …, "text", "entities"}``, everything as it was found."""
    found = _found(layout, it)
    return _json_line({"line": it.row.line, **_kept(layout, it.row, found), **found})


def _json_line(record: schema.Json) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def _cell(value: object) -> str:
    """A value of the input; what is no text stands there as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _conll_rows(it: TaggedRow) -> str:
    """``token<TAB>tag`` lines and a blank one.

    The tokens are the input's where it has some, and an entity takes each token that it touches;
    else they are as `ner.files.tokens.annotate` parts them.
    """
    offsets = it.row.tokens or annotate(it.tagged).token_offsets
    tokens = [it.tagged.text[start:end] for start, end in offsets]
    lines = token_lines(tokens, bio_tags(it.tagged.entities, offsets)) if tokens else ()
    return "".join(f"{line}\n" for line in lines)


def _redacted_row(it: TaggedRow) -> str:
    """The redacted text on one line; line ends become spaces."""
    return re.sub(r"\r\n|[\r\n]", " ", redact(it.tagged)) + "\n"


def redact(tagged: Tagged) -> str:
    """The text with ``[PER]`` in the place of each person.

    >>> from ner.entities import Entity
    >>> redact(Tagged("Ada lives here.", (Entity(0, 3, "PER"),)))
    '[PER] lives here.'
    """
    redacted, position = "", 0
    for entity in tagged.entities:
        redacted += f"{tagged.text[position : entity.start]}[{entity.label}]"
        position = entity.end
    return redacted + tagged.text[position:]


_TABLES = (".csv", ".parquet", ".xlsx")
_PLAIN: Mapping[str, Output] = {
    ".conll": Output("", _conll_rows),
    ".txt": Output("", _redacted_row),
    ".html": Output("", partial(_json_row, Layout()), write_report),
}
ENDINGS = (".jsonl", *_TABLES, *_PLAIN)
