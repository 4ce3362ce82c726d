"""Results as HTML and SVG: plain values in, escaped markup out; and the one colour table.

Everything that comes from a text, a model's labels or a file name passes through :func:`escape`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ner.entities import Explained


@dataclass(frozen=True, slots=True)
class Shades:
    """One colour in one theme, as ``#rrggbb``: behind an entity, and of its label upon that."""

    back: str
    front: str


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour of the table, for the light and for the dark theme."""

    light: Shades
    dark: Shades


# The text upon an entity, by theme. Against every ``back`` below it, like the label's ``front``,
# has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3).
TEXT_LIGHT = "#14181f"
TEXT_DARK = "#eceff4"
COLOURS = (
    Colour(Shades("#d8e7ff", "#174a9c"), Shades("#17366a", "#b3d0ff")),  # blue
    Colour(Shades("#cdf0d8", "#115a2b"), Shades("#124425", "#9be5b6")),  # green
    Colour(Shades("#fde8b8", "#714000"), Shades("#503608", "#f9d481")),  # amber
    Colour(Shades("#eaddfb", "#5f259f"), Shades("#412468", "#d9c0fb")),  # violet
    Colour(Shades("#c8eef0", "#0b555b"), Shades("#0d4246", "#93e2e7")),  # teal
    Colour(Shades("#fddcd9", "#961b1b"), Shades("#5a1f1f", "#fcb9b1")),  # red
    Colour(Shades("#fbd9ea", "#8e145b"), Shades("#541a3c", "#f9b4d8")),  # pink
    Colour(Shades("#e2efbd", "#435309"), Shades("#38430f", "#d3e285")),  # lime
    Colour(Shades("#f0dfcf", "#653a1c"), Shades("#4a301d", "#e8c6a8")),  # brown
    Colour(Shades("#dfe5ee", "#374559"), Shades("#2f3a4b", "#c4cfdf")),  # slate
)
# Labels that have a place of their own in the table, so that they look alike in every model.
_PLACES = {
    "PER": 0,
    "PERSON": 0,
    "ORG": 1,
    "LOC": 2,
    "GPE": 2,
    "MISC": 3,
    "Chemical": 4,
    "Disease": 5,
}

# Longer labels are cut where they stand beside an entity; the table has them whole.
_LONGEST_LABEL = 16

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


def colour_classes(labels: Sequence[str]) -> dict[str, str]:
    """The CSS class of each of a model's labels: by name where it is known, else by order."""
    free = [place for place in range(len(COLOURS)) if place not in _PLACES.values()]
    others = [label for label in labels if label not in _PLACES]
    places = {label: free[index % len(free)] for index, label in enumerate(others)}
    return {label: f"c{_PLACES.get(label, places.get(label))}" for label in labels}


def colours_css() -> str:
    """The colour table as CSS custom properties, one class for each colour."""
    light = [_rule(f".c{place}", colour.light) for place, colour in enumerate(COLOURS)]
    dark = [_rule(f".dark .c{place}", colour.dark) for place, colour in enumerate(COLOURS)]
    ink = [f":root{{--ink:{TEXT_LIGHT}}}", f".dark{{--ink:{TEXT_DARK}}}"]
    return "\n".join([*ink, *light, *dark])


def _rule(selector: str, shades: Shades) -> str:
    return f"{selector}{{--back:{shades.back};--front:{shades.front}}}"


def marked_text(explained: Explained, classes: Mapping[str, str]) -> str:
    """A text with its entities marked, in reading order, and the seams between its segments.

    The label of an entity is an attribute that the stylesheet shows, so that copying or searching
    the text meets the text alone. ``classes`` are those of :func:`colour_classes`.
    """
    text = explained.tagged.text
    parts: list[str] = []
    position = 0
    for index, entity in enumerate(explained.tagged.entities):
        parts.append(_with_seams(text, position, entity.start, explained.seams))
        label = html.escape(_short(entity.label))
        parts.append(f'<span class="e {classes[entity.label]}" data-i="{index}" data-l="{label}">')
        parts.append(_with_seams(text, entity.start, entity.end, explained.seams))
        parts.append("</span>")
        position = entity.end
    parts.append(_with_seams(text, position, len(text) + 1, explained.seams))
    return "".join(parts)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _with_seams(text: str, start: int, end: int, seams: Sequence[int]) -> str:
    """``text[start:end]``, escaped, each seam in that range drawn before its character."""
    inside = [seam for seam in seams if start <= seam < end]
    cuts = [start, *inside, end]
    pieces = [escape(text[a:b]) for a, b in pairwise(cuts)]
    return '<span class="seam" title="Here the next segment begins"></span>'.join(pieces)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, how that is written, and how far its whisker reaches."""

    name: str
    value: float
    written: str
    whisker: float | None = None


def bar_chart(title: str, bars: Sequence[Bar], verdict: str) -> str:
    """Bars on one scale from zero, their values written beside them, and what follows from them."""
    longest = max((max(bar.value, bar.whisker or 0.0) for bar in bars), default=0.0) or 1.0
    rows = "".join(_bar_row(bar, longest) for bar in bars)
    return f'<div class="chart"><h3>{escape(title)}</h3>{rows}<p><b>{escape(verdict)}</b></p></div>'


def _bar_row(bar: Bar, longest: float) -> str:
    whisker = ""
    if bar.whisker is not None:
        end = f"{100 * bar.whisker / longest:.1f}%"
        whisker = (
            f'<line x1="{100 * bar.value / longest:.1f}%" x2="{end}" y1="6" y2="6"/>'
            f'<line x1="{end}" x2="{end}" y1="2" y2="10"/>'
        )
    return (
        f'<div class="bar"><span>{escape(bar.name)}</span>'
        '<svg width="100%" height="12" aria-hidden="true">'
        f'<rect y="1" width="{100 * bar.value / longest:.1f}%" height="10" rx="1"/>{whisker}</svg>'
        f"<span>{escape(bar.written)}</span></div>"
    )


def definitions(rows: Sequence[tuple[str, str]]) -> str:
    """Names and what they stand for, as a description list."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    return f"<dl>{items}</dl>"


def notice(text: str, *, kind: str = "hint") -> str:
    """A sentence for the reader; ``kind`` is ``hint``, ``problem`` or ``progress``."""
    return f'<p class="notice {escape(kind)}" role="status">{escape(text)}</p>'
