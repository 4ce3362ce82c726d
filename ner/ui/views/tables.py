"""Tables of numbers as plain values, for the template ``tables.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ner.markup import Cell
from ner.schema import provenance_rows
from ner.stats import Estimate


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its name, and its numbers."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by row and column; ``groups`` are the heads over each three of the columns.

    With ``total`` one column stands after the groups.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[str, ...] = ()
    total: bool = False


def estimate_cell(figure: Estimate, *, sign: bool = False) -> Cell:
    """A share in per cent, or a difference in points, with an interval that says something."""
    small = figure.range(sign=sign) if figure.known else ""
    return Cell(figure.number(sign=sign), small=small)


def basis(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    """What a result is a result of, the loss that is accepted with it."""
    rows = dict(provenance_rows(provenance))
    loss = f"{provenance['max_loss']:g} points of F1"
    return list({"A": "", "B": "", "Set": "", "Accepted loss": loss, **rows}.items())
