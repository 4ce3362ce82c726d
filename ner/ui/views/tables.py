"""Tables of numbers as plain values, for the template ``tables.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ner.markup import Cell, percent
from ner.schema import provenance_rows
from ner.stats import Estimate, Interval


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


def interval_written(interval: Interval) -> str:
    """An interval of a share, in per cent; nothing for one that says nothing."""
    if interval == Interval(0.0, 1.0):
        return ""
    return f"{percent(interval.low)}–{percent(interval.high)}"


def estimate_cell(figure: Estimate) -> Cell:
    """A share in per cent with its interval."""
    return Cell(percent(figure.value), small=interval_written(figure.interval))


def signed_points(difference: float) -> str:
    """A difference of shares in points, with its sign.

    >>> signed_points(-0.0123), signed_points(0.0001)
    ('−1.2', '0.0')
    """
    written = f"{100 * difference:+.1f}"
    return "0.0" if written in ("+0.0", "-0.0") else written.replace("-", "−")


def signed_range(interval: Interval) -> str:
    """The interval of a difference, in points; nothing for one that says nothing."""
    if interval == Interval(-1.0, 1.0):
        return ""
    return f"{signed_points(interval.low)} to {signed_points(interval.high)}"


def basis(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    """What a result is a result of, the loss that is accepted with it."""
    rows = dict(provenance_rows(provenance))
    loss = f"{100 * provenance['accepted_loss']:g} points of F1"
    return list({"A": "", "B": "", "Set": "", "Accepted loss": loss, **rows}.items())
