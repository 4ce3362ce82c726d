"""Gold that began as a side's own output, which is no fair judge of that side.

Whoever corrects what a model found overlooks what it missed, and so the model looks better than it
is. Hence each text that was corrected here says what it began as, and how much was changed: under
the keys ``origin`` and ``changes`` of a JSON line, in a comment of CoNLL columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ner.comparing.origin import Origin

_COMMENT = re.compile(r"# origin = (\S+); changes = (\d{1,9})")
_BY_HAND = "none"


@dataclass(frozen=True, slots=True)
class GoldOrigin:
    """What a text of gold began as: a side's name (``bundled#int8``), or None for by hand.

    ``changes`` are the entities added, taken away or changed since.
    """

    name: str | None = None
    changes: int = 0

    @property
    def comment(self) -> str:
        """As a line before the text's CoNLL columns.

        >>> GoldOrigin("bundled#int8", 3).comment
        '# origin = bundled#int8; changes = 3'
        """
        return f"# origin = {self.name or _BY_HAND}; changes = {self.changes}"

    @property
    def keys(self) -> dict[str, Any]:
        """As further keys of the text's JSON line."""
        return {"origin": self.name, "changes": self.changes}


def read_origins(lines: Iterable[str]) -> list[GoldOrigin]:
    """What the texts of gold began as, so far as the lines tell; never raises.

    Of JSON lines one for each that is an object, those without the keys made by hand; sentences of
    one text, which has the same number under ``document``, are one.
    """
    found: dict[object, GoldOrigin] = {}
    for number, line in enumerate(lines):
        for document, origin in _read_line(line.strip()):
            found[number if document is None else (document, origin)] = origin
    return list(found.values())


def parse_origin(record: object) -> GoldOrigin:
    """The origin that a JSON object tells by its keys; by hand where it tells none."""
    if not isinstance(record, dict):
        return GoldOrigin()
    name, changes = record.get("origin"), record.get("changes")
    if not isinstance(name, str) or not re.fullmatch(r"\S{1,200}", name):
        name = None
    if type(changes) is not int or changes < 0:
        changes = 0
    return GoldOrigin(name, changes)


def _read_line(line: str) -> Iterator[tuple[int | None, GoldOrigin]]:
    """The text's number where the line tells one, and its origin; nothing for most lines."""
    if comment := _COMMENT.fullmatch(line):
        name, changes = comment.groups()
        yield None, GoldOrigin(None if name == _BY_HAND else name, int(changes))
    elif line.startswith("{"):
        try:
            record = json.loads(line)
        # Whoever reads gold refuses such a line, and says why.
        except (ValueError, RecursionError):
            return
        document = record.get("document")
        yield document if type(document) is int else None, parse_origin(record)


@dataclass(frozen=True, slots=True)
class Bias:
    """Why gold is no fair judge of a side; where it ``settles_nothing`` there is no verdict."""

    sentence: str
    settles_nothing: bool


def find_bias(origins: Sequence[GoldOrigin], sides: Sequence[Origin]) -> Bias | None:
    """How far the sides to be judged made the gold themselves; None where none of them did."""
    for side in sides:
        own = [origin for origin in origins if origin.name == side.name]
        if own:
            return _bias(side.title, own, len(origins))
    return None


def _bias(title: str, own: Sequence[GoldOrigin], texts: int) -> Bias:
    changed = sum(origin.changes > 0 for origin in own)
    if not changed and len(own) == texts:
        return Bias(
            f"No verdict: this gold is the output of {title} itself, and nothing in it was "
            "changed. Correct it first, or judge what differs in tab Judge.",
            settles_nothing=True,
        )
    return Bias(
        f"{len(own):,} of {_texts(texts)} began as the output of {title}, and {changed:,} of them "
        f"{'was' if changed == 1 else 'were'} changed. What {title} missed and nobody added counts "
        f"as right, so {title} looks better here than it is. Gold made by hand, or tab Judge, is "
        "fairer.",
        settles_nothing=False,
    )


def _texts(count: int) -> str:
    return f"{count:,} {'text' if count == 1 else 'texts'}"
