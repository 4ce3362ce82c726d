"""Tagged rows as files: JSON lines, CSV, CoNLL, redacted text, and a report in HTML.

Every kind but the report is written row by row, so what stands in the file never depends on what
follows. The report is made of the JSON lines once they are all there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ner import schema
from ner.comparing.agreement import Agreement, align
from ner.entities import Entity, Tagged, bio_tags
from ner.errors import FileFormatError, InputError
from ner.files.conll import check_conll_labels, conll_lines, token_lines
from ner.files.gold import annotate
from ner.files.read import Row
from ner.files.report import report
from ner.io import write_csv

_ENTITY_COLUMNS = ("start", "end", "label", "score", "text")
CSV_RULE = (
    "In CSV a cell that a spreadsheet could take for a formula (it begins with =, +, -, @, also "
    "full width, or with a tab, line end or NUL) gets an apostrophe before it. JSON lines keep it "
    "as it is."
)
Report = Callable[[Iterable[str], Mapping[str, str]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class TaggedRow:
    """A row of the input with what was found in it; ``beside`` is what a second side found."""

    row: Row
    tagged: Tagged
    beside: Tagged | None = None

    @property
    def found(self) -> int:
        """How many entities, of the side that found more."""
        sides = (self.tagged, self.beside or self.tagged)
        return max(len(side.entities) for side in sides)

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
    """

    keep: tuple[str, ...] = ()
    both: bool = False
    redact: bool = False

    def names(self, own: Sequence[str]) -> list[str]:
        """How the kept columns are called beside those of our ``own``."""
        return [f"input_{name}" if name in own else name for name in self.keep]


@dataclass(frozen=True)
class Output:
    """How one kind of file is written.

    ``row`` makes what stands in the file for one row of the input and its tagging; it raises
    ``ValueError`` for a row that can't stand there. ``header`` comes before all rows. ``report``,
    where there is one, makes the file of all that was written and facts on the run.
    ``check_labels`` raises ``InputError`` for labels that can't stand in any row.
    """

    header: str
    row: Callable[[TaggedRow], str]
    report: Report | None = None
    check_labels: Callable[[Iterable[str]], None] | None = None


def output_for(path: Path, layout: Layout | None = None) -> Output:
    """The kind of file that the ending of ``path`` asks for, laid out as ``layout`` says.

    Raises ``FileFormatError`` for an ending that is not known, ``InputError`` for a layout that
    such a file can't have.
    """
    ending, layout = path.suffix.lower(), layout or Layout()
    if ending == ".jsonl":
        return _json_output(layout)
    if ending == ".csv":
        return _csv_output(layout)
    if ending not in _PLAIN:
        raise FileFormatError(
            path, None, f"can't be written; expected a name ending in {', '.join(ENDINGS)}."
        )
    _refuse_layout(ending, layout)
    return _PLAIN[ending]


def _refuse_layout(ending: str, layout: Layout) -> None:
    """Rows of these kinds have one text or one tagging each and nothing else."""
    asked = [
        *(["kept columns"] if layout.keep else []),
        *(["both sides"] if layout.both else []),
        *(["redacted rows"] if layout.redact and ending != ".txt" else []),
    ]
    if asked:
        raise InputError(
            f"A {ending} file can't have {' and '.join(asked)}. Choose a name ending in .jsonl or "
            ".csv."
        )


def _json_output(layout: Layout) -> Output:
    if layout.both and layout.redact:
        raise InputError(_BOTH_REDACTED)
    if layout.redact:
        return Output("", partial(_redacted_json, layout.names(("line", "text"))))
    if layout.both:
        own = ("line", "text", "entities_a", "entities_b", "differences")
        return Output("", partial(_both_json, layout.names(own)))
    return Output("", partial(_json_row, layout.names(("line", "text", "entities"))))


def _csv_output(layout: Layout) -> Output:
    if layout.both and layout.redact:
        raise InputError(_BOTH_REDACTED)
    if layout.redact:
        own, row = ["text"], _redacted_csv
    elif layout.both:
        own, row = ["difference", *(f"{it}_{s}" for s in "ab" for it in _ENTITY_COLUMNS)], _both_csv
    else:
        own, row = list(_ENTITY_COLUMNS), _csv_rows
    columns = ["line", *layout.names(["line", *own]), *own]
    # The mark makes spreadsheets read it as UTF-8; pandas skips it.
    return Output("\ufeff" + write_csv([columns]), row)


_BOTH_REDACTED = "A redacted file has the entities of one side. Choose either both or redacted."


def _json_row(names: Sequence[str], it: TaggedRow) -> str:
    """``{"line", …, "text", "entities"}``, everything as it was found."""
    return _json_line(names, it, schema.tagged_json(it.tagged))


def _both_json(names: Sequence[str], it: TaggedRow) -> str:
    """``{"line", …, "text", "entities_a", "entities_b", "differences"}``, as ``compare`` has it."""
    agreement = it.agreement
    both = {
        "text": agreement.text,
        "entities_a": schema.tagged_json(agreement.left)["entities"],
        "entities_b": schema.tagged_json(agreement.right)["entities"],
        "differences": schema.differences_json(agreement),
    }
    return _json_line(names, it, both)


def _redacted_json(names: Sequence[str], it: TaggedRow) -> str:
    return _json_line(names, it, {"text": redact(it.tagged)})


def _json_line(names: Sequence[str], it: TaggedRow, found: Mapping[str, object]) -> str:
    kept = dict(zip(names, it.row.kept, strict=True))
    record = {"line": it.row.line, **kept, **found}
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def _csv_rows(it: TaggedRow) -> str:
    """One CSV row for each entity, see ``CSV_RULE``."""
    text = it.tagged.text
    return write_csv([*_before(it), *_cells(entity, text)] for entity in it.tagged.entities)


def _both_csv(it: TaggedRow) -> str:
    """One CSV row for each pair of entities, how they differ first."""
    agreement = it.agreement
    return write_csv(
        [
            *(*_before(it), pair.kind.value),
            *_cells(pair.left, agreement.text),
            *_cells(pair.right, agreement.text),
        ]
        for pair in agreement.pairs
    )


def _redacted_csv(it: TaggedRow) -> str:
    """The row itself, without names."""
    return write_csv([[*_before(it), redact(it.tagged)]])


def _before(it: TaggedRow) -> list[object]:
    """The line, and the cells that go along; what is no text stands there as JSON."""
    cells = (
        cell if isinstance(cell, str) else "" if cell is None else json.dumps(cell)
        for cell in it.row.kept
    )
    return [it.row.line, *cells]


def _cells(entity: Entity | None, text: str) -> list[object]:
    if entity is None:
        return [""] * len(_ENTITY_COLUMNS)
    score, spelled = f"{entity.score:.6f}", text[entity.start : entity.end]
    return [entity.start, entity.end, entity.label, score, spelled]


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
    parts = []
    position = 0
    for entity in tagged.entities:
        parts.append(f"{tagged.text[position : entity.start]}[{entity.label}]")
        position = entity.end
    return "".join([*parts, tagged.text[position:]])


_PLAIN: Mapping[str, Output] = {
    ".conll": Output("", _conll_rows, check_labels=check_conll_labels),
    ".txt": Output("", _redacted_row),
    ".html": Output("", partial(_json_row, ()), report),
}
ENDINGS = (".jsonl", ".csv", *_PLAIN)
