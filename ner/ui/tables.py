"""The parts that results in some tabs are made of: sections and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ner.render import escape


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
