"""The parts that results in tab 'Evaluate' are made of: sections, tables, numbers that open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ner.evaluating.verdict import Verdict
from ner.render import escape
from ner.stats import Interval

# Which decisions a number stands for; those match that fit all of it. ``side`` is a variant;
# ``gold`` and ``found`` are a label, * for any, O for none; ``error`` is a kind, 'right' or
# 'wrong'; ``changed`` asks for what the other side does not get wrong; ``bucket`` names one.
Query = dict[str, Any]

_MARKS = {"yes": "✓", "no": "✕", "open": "?"}


def verdict_line(verdict: Verdict) -> str:
    """The answer on top; not told by its colour alone."""
    answer = verdict.answer.value
    return (
        f'<p class="verdict {answer}" role="status"><span aria-hidden="true">{_MARKS[answer]}'
        f"</span><strong>{escape(verdict.sentence)}</strong></p>"
    )


def downloads(files: Iterable[str]) -> str:
    """Buttons that save the files that came with the result, by name."""
    buttons = "".join(
        f'<button type="button" data-file="{escape(file)}">{escape(file)}</button>'
        for file in files
    )
    return (
        '<div class="group" role="group" aria-label="Download"><span class="name">Download</span>'
        f"{buttons}</div>"
    )


def section(title: str, note: str, body: str) -> str:
    """A titled part of a result; what a number in it opens appears at its end."""
    said = f'<p class="small">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>"


def table(name: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table in a box that scrolls; ``heads`` and ``rows`` are table rows as markup."""
    return (
        f'<div class="table"><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(name)}"><table><thead>{"".join(heads)}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></div>"
    )


def head(cells: Sequence[str], *, span: int = 1) -> str:
    """A row of column heads; all but the first go over ``span`` columns."""
    over = f' colspan="{span}"' if span > 1 else ""
    scope = "colgroup" if span > 1 else "col"
    first = f'<th scope="col">{escape(cells[0])}</th>'
    rest = "".join(f'<th scope="{scope}"{over}>{escape(cell)}</th>' for cell in cells[1:])
    return f"<tr>{first}{rest}</tr>"


def row(name: str, cells: Iterable[str]) -> str:
    """A row with its name, a text, and its cells, which are markup."""
    return f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>'


def number(written: str, query: Query | None, what: str, extra: str = "") -> str:
    """A cell whose number opens what is behind it; ``what`` says so to those who can't see it."""
    shown = f"{written}{extra}"
    if query is not None:
        asked = escape(json.dumps(query))
        shown = (
            f'<button type="button" class="open" data-open="{asked}" '
            f'aria-label="{escape(f"{what}: {written}")}" aria-expanded="false">{written}</button>'
            f"{extra}"
        )
    return f'<td class="number">{shown}</td>'


def between(found: Interval) -> str:
    """An interval of a share in per cent, small, to stand behind it."""
    return f' <span class="small">{100 * found.low:.1f}–{100 * found.high:.1f}</span>'


def percent(share: float) -> str:
    """A share in per cent without its sign."""
    return f"{100 * share:.1f}"
