"""WebAnno and INCEpTION: TSV 3, a token to a line with its offsets and the values of its layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ner.files.marked import Marked, Opened, mark_tokens

_LAYER = re.compile(r"#T_(SP|CH|RL)=(?P<name>[^|]*)\|?(?P<features>.*)")
_TOKEN = re.compile(r"\d+-\d+")


def recognize(opened: Opened) -> bool:
    """Whether the first line says so."""
    return "".join(opened.lines[:1]).startswith("#FORMAT=WebAnno TSV 3")


def read(opened: Opened) -> Iterator[Marked]:
    """The sentences with the first value of each token in the layer of named entities."""
    column = _column(opened.lines)
    text, rows, previous = None, [], ""
    for number, line in enumerate([*opened.lines, ""], start=1):
        if line.startswith("#Text="):
            text = line.removeprefix("#Text=")
        cells = line.split("\t")
        if _TOKEN.fullmatch(cells[0]) and len(cells) > 2:
            value = cells[column].split("|")[0] if column < len(cells) else "_"
            label, chain, _ = value.replace("\\", "").partition("[")
            prefix = "I" if chain and value == previous else "B"
            rows.append((number, cells[2], f"{prefix}-{label}" if label.strip("_*") else "O"))
            previous = value
        elif rows and not line.strip():
            yield mark_tokens(rows, text)
            text, rows, previous = None, [], ""


def _column(lines: Sequence[str]) -> int:
    """Where the types of entities stand: after number, offsets and token come all features."""
    ranks = [
        int(feature != "value") if "NamedEntity" in match["name"] else 2
        for match in filter(None, map(_LAYER.fullmatch, lines))
        for feature in filter(None, match["features"].split("|"))
    ]
    return 3 + (ranks.index(min(ranks)) if ranks else 0)
