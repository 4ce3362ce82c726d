"""Warns of gold that was made by correcting one side's output, which favours that side.

Whoever corrects what a model found overlooks what it missed. So each text that was corrected here
says what it began as: under the key ``origin`` of a JSON line, in a comment of CoNLL columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from ner.comparing.origin import Origin

_COMMENT = re.compile(r"# origin = (\S{1,200})(; changes = \d{1,9})?")
_BY_HAND = "none"


def origin_comment(name: str | None) -> str:
    """The line before a text's CoNLL columns; ``name`` is a side's, or None for by hand.

    >>> origin_comment("bundled#int8")
    '# origin = bundled#int8'
    """
    return f"# origin = {name or _BY_HAND}"


def parse_origin(record: object) -> str | None:
    """What a JSON object says under ``origin``; None, for by hand, where it says nothing usable."""
    name = record.get("origin") if isinstance(record, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"\S{1,200}", name) else None


def read_origins(lines: Iterable[str]) -> set[str]:
    """The sides from whose output any of the gold in these lines began; never raises."""
    found: set[str | None] = set()
    for line in map(str.strip, lines):
        if comment := _COMMENT.fullmatch(line):
            found.add(comment[1])
        elif line.startswith("{"):
            try:
                found.add(parse_origin(json.loads(line)))
            # Whoever reads gold refuses such a line, and says why.
            except (ValueError, RecursionError):
                continue
    return {name for name in found if name is not None and name != _BY_HAND}


def origin_warning(began: Iterable[str], sides: Sequence[Origin]) -> str | None:
    """A warning where gold began as the output of one of these sides."""
    for side in sides:
        if side.name in set(began):
            return (
                f"This gold began as the output of {side.title}: what {side.title} missed and "
                f"nobody added counts as right, so {side.title} looks better here than it is."
            )
    return None
