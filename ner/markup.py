"""HTML from templates, in which Jinja2 escapes everything that is filled in; colours of labels.

A package that shows something has a folder ``templates``; what all of them share lies in
``ner/templates``. No markup is put together from strings in Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import cycle, pairwise

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ner.entities import Explained

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


# The colours of ``templates/colours.css``, and the labels that have a place of their own there, so
# that they look alike in every model.
_COLOURS = 10
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


@cache
def environment(package: str = "ner") -> Environment:
    """The templates of ``package`` and the shared ones; an undefined name is an error.

    Values are escaped as they are for HTML. ``|visible`` also writes out what a reader can't see,
    for texts between tags; it must not be used inside an attribute.
    """
    names = dict.fromkeys((package, "ner"))
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in names]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["visible"] = visible
    templates.filters["short"] = _shorten
    return templates


def render(package: str, template: str, **values: object) -> Markup:
    """A template of ``package``, filled in."""
    filled = environment(package).get_template(template).render(**values)
    return Markup(filled)  # noqa: S704 - a template escapes what it is given


def macro(package: str, template: str, name: str, *values: object) -> Markup:
    """One macro of a template of ``package``, filled in."""
    filled = getattr(environment(package).get_template(template).module, name)(*values)
    return Markup(filled)  # noqa: S704 - as above


def visible(text: str) -> Markup:
    r"""``text`` as HTML that shows it and does nothing else.

    Its text content is ``text`` again (without NUL, which HTML can't hold), so copying from the
    page gives what was put in; invisible and bidirectional controls show their names.

    >>> visible("a<b\u200b")
    Markup('a&lt;b<bdi class="control" data-name="ZWSP">\u200b</bdi>')
    """
    if isinstance(text, Markup):
        return text
    # What is left after escaping holds no markup but that of _named.
    return Markup(_UNSEEN_PATTERN.sub(_named, str(escape(text))).replace("\r", "&#13;"))  # noqa: S704


def _named(match: re.Match[str]) -> str:
    character = match.group()
    # <bdi> isolates it: an override inside reorders nothing outside.
    held = "" if character == "\0" else character
    return f'<bdi class="control" data-name="{_UNSEEN[character]}">{held}</bdi>'


def cut(text: str, start: int, end: int, seams: Sequence[int]) -> tuple[str, ...]:
    """``text[start:end]``, each seam in that range beginning another part.

    >>> cut("Oslo. Rome.", 0, 11, [6])
    ('Oslo. ', 'Rome.')
    """
    cuts = [start, *(seam for seam in seams if start <= seam < end), end]
    return tuple(text[a:b] for a, b in pairwise(cuts))


def marked_text(explained: Explained, classes: Mapping[str, str]) -> Markup:
    """A text with its entities marked, in reading order, and the seams between its segments.

    The label of an entity is an attribute that the stylesheet shows, so that copying or searching
    the text meets the text alone. ``classes`` are those of :func:`colour_classes`.
    """
    text, seams = explained.tagged.text, explained.seams
    # Parts of the text, and of an entity its number and label.
    stretches: list[tuple[tuple[str, ...], int | None, str | None]] = []
    position = 0
    for number, entity in enumerate(explained.tagged.entities):
        stretches.append((cut(text, position, entity.start, seams), None, None))
        stretches.append((cut(text, entity.start, entity.end, seams), number, entity.label))
        position = entity.end
    stretches.append((cut(text, position, len(text) + 1, seams), None, None))
    return render("ner", "text.html", stretches=stretches, classes=classes)


def colour_classes(labels: Sequence[str]) -> dict[str, str]:
    """The CSS class of each of a model's labels: by name where it is known, else by order."""
    free = cycle(place for place in range(_COLOURS) if place not in _PLACES.values())
    return {label: f"c{_PLACES[label] if label in _PLACES else next(free)}" for label in labels}


def _shorten(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def notice(text: str, kind: str = "hint") -> Markup:
    """A sentence for the reader; ``kind`` is ``hint``, ``problem`` or ``progress``."""
    return macro("ner", "parts.html", "notice", text, kind)


def percent(share: float) -> str:
    """A share in per cent without its sign.

    >>> percent(0.9125)
    '91.2'
    """
    return f"{100 * share:.1f}"


def megabytes(size: int) -> str:
    """Bytes as MB, with as many decimals as say something.

    >>> megabytes(19_600_000), megabytes(266_000_000)
    ('19.6 MB', '266 MB')
    """
    return f"{size / 1e6:.0f} MB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def milliseconds(value: float) -> str:
    """Milliseconds with three figures.

    >>> milliseconds(2.8), milliseconds(41.26), milliseconds(380.4)
    ('2.80 ms', '41.3 ms', '380 ms')
    """
    return f"{value:.0f} ms" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f} ms"
