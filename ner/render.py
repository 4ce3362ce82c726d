"""Markup from strings, for the tabs that have no template yet.

Everything that comes from a text, a model's labels or a file name passes through :func:`escape`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

# What a reader can't see, or what would reorder the page, is written out instead.
_UNSEEN = {
    **{chr(code): chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    "\x7f": "␡",
    **{chr(code): f"{code:02X}" for code in range(0x80, 0xA0)},
    "\u00ad": "SHY",
    "\u061c": "ALM",
    "\u200b": "ZWSP",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\ufeff": "BOM",
}
_UNSEEN_PATTERN = re.compile(f"[{''.join(map(re.escape, _UNSEEN))}]")


def escape(text: str) -> str:
    """``text`` as HTML that shows it and does nothing else.

    Its text content is ``text`` again (without NUL, which HTML can't hold), so copying from the
    page gives what was put in; invisible and bidirectional controls show their names.
    """
    return _UNSEEN_PATTERN.sub(_named, html.escape(text)).replace("\r", "&#13;")


def _named(match: re.Match[str]) -> str:
    character = match.group()
    # <bdi> isolates it: an override inside reorders nothing outside.
    held = "" if character == "\0" else character
    return f'<bdi class="control" data-name="{_UNSEEN[character]}">{held}</bdi>'


def definitions(rows: Sequence[tuple[str, str]]) -> str:
    """Names and what they stand for, as a description list."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    return f"<dl>{items}</dl>"


def notice(text: str, *, kind: str = "hint") -> str:
    """A sentence for the reader; ``kind`` is ``hint``, ``problem`` or ``progress``."""
    return f'<p class="notice {escape(kind)}" role="status">{escape(text)}</p>'
