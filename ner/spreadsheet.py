"""Cells of CSV that a spreadsheet takes for text, whoever opens it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Line ends, tabs and NUL lead to a new cell or are dropped; spaces, also those of no width, are
# skipped before a formula by some programs.
_FORMULA = re.compile("[\t\r\n\0]|[\\s\ufeff\u200b]*[=+\\-@＝＋－＠]")


def neutralize(cell: str) -> str:
    """``cell`` with an apostrophe before it where a spreadsheet could run it as a formula.

    The page's script has the same rule (``assets/ui/common/csv.js``).

    >>> neutralize("=1+1"), neutralize(" @SUM(A1)"), neutralize("Ada")
    ("'=1+1", "' @SUM(A1)", 'Ada')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def write_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text, CRLF at their ends; texts are neutralized, numbers stay."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [neutralize(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return buffer.getvalue()
