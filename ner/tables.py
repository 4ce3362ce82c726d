"""Tables, of which every report is made: plain values, rendered as Markdown, CSV and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ner.io import write_csv
from ner.markup import macro
from ner.stats import Estimate


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table.

    ``small`` is said beside it, such as an interval. ``value`` is the number that CSV has, neither
    rounded nor in per cent; None for a text. On a page ``answer`` (yes, no, undecided) is its
    colour.
    """

    text: str
    small: str = ""
    value: float | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a note on how to read it, the heads of the columns, and rows as wide as these.

    The first cell of a row names it.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of {self.title!r} is not as wide as the table")

    @classmethod
    def of(
        cls,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Cell | str]],
        note: str = "",
    ) -> Table:
        """From rows in which a plain text stands for its cell."""
        cells = (
            tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows
        )
        return cls(title, note, tuple(columns), tuple(cells))


def percent(share: float) -> Cell:
    """A share in per cent."""
    return Cell(f"{100 * share:.1f}", value=share)


def count(number: int) -> Cell:
    """A whole number."""
    return Cell(f"{number:,}", value=number)


def estimate(found: Estimate, scale: float = 100, decimals: int = 1, *, sign: bool = False) -> Cell:
    """A value and its interval, so far as that says anything; in per cent unless ``scale`` is 1."""
    small = found.range(scale, decimals, sign=sign) if found.known else ""
    return Cell(found.number(scale, decimals, sign=sign), small, found.value)


def markdown(table: Table) -> str:
    """A heading, the note and a table of pipes."""
    rows = [
        [f"{cell.text} ({cell.small})" if cell.small else cell.text for cell in row]
        for row in table.rows
    ]
    lines = [f"| {' | '.join(map(escape, line))} |" for line in (table.columns, *rows)]
    lines.insert(1, "|" + "---|" * len(table.columns))
    head = [f"## {escape(table.title)}" if table.title else "", escape(table.note)]
    return "\n\n".join([*filter(None, head), "\n".join(lines)])


def escape(text: str) -> str:
    """A text that stays inside its cell of Markdown, and is no markup."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", " ".join(text.split()))


def csv(*tables: Table) -> str:
    """The rows of all tables, each after its table's title and heads; a spreadsheet runs none.

    Numbers are not rounded to what is shown; an interval stands in the text of its cell.
    """
    lines: list[list[object]] = []
    for table in tables:
        lines.append(["table", *table.columns])
        lines += [
            [table.title, *(cell.text if cell.value is None else cell.value for cell in row)]
            for row in table.rows
        ]
    return write_csv(lines)


def html(table: Table) -> Markup:
    """A section with its heading, note and table, by the macro ``table`` of ``table.html``."""
    return macro("ner", "table.html", "table", table)
