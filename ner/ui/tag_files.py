"""A result of tab 'Tag' at length: tables of it, what a rewritten text keeps, and files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from ner import schema
from ner.colours import colour_classes
from ner.comparing.agreement import Kind, Pair, fragile
from ner.comparing.probe import Fate, Probe
from ner.entities import bio_tags
from ner.io import write_csv
from ner.machine import describe
from ner.markup import macro, notice, render
from ner.tagging.choice import Choice
from ner.ui.look import style
from ner.ui.tagged import KEYS, Kept, view

# Rows of a table on the page; files have all.
_ROWS = 500
_PRECISIONS = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}


class SavedAs(StrEnum):
    """The formats of a result as a file; `PYTHON` is a program that makes it again."""

    JSON = "json"
    CSV = "csv"
    CONLL = "conll"
    HTML = "html"
    PYTHON = "py"


def tables(kept: Kept) -> Markup:
    """The entities and the word pieces of both sides, and what the numbers depend on."""
    classes = colour_classes(kept.sides.labels)
    return macro(
        "ner.ui",
        "tag_parts.html",
        "tables",
        "AB"[: len(kept.explained)],
        [_entity_row(kept, pair, classes) for pair in kept.pairs[:_ROWS]],
        len(kept.pairs),
        list(_piece_rows(kept)),
        sum(len(side.pieces) for side in kept.explained),
        _circumstances(kept),
    )


def _entity_row(kept: Kept, pair: Pair, classes: Mapping[str, str]) -> dict[str, Any]:
    both = [side for side in (pair.left, pair.right) if side is not None]

    def either(values: Iterable[object]) -> str:
        return " → ".join(dict.fromkeys(map(str, values)))

    words = {Kind.SAME: "same", Kind.BOUNDARY: "boundary differs", Kind.LABEL: "label differs"}
    missing = kept.missing(0 if pair.left is None else 1, pair)
    status = words.get(pair.kind) or f"{missing} in {'A' if pair.left is None else 'B'}"
    margins = [side.margins for side in kept.explained]
    if fragile(*pair.margins(margins[0], margins[-1])):
        status += ", a close call"
    scores = ["–" if side is None else f"{side.score:.3f}" for side in (pair.left, pair.right)]
    return {
        "entity": either(kept.text[side.start : side.end] for side in both),
        "labels": list({side.label: classes[side.label] for side in both}.items()),
        "numbers": [
            either(side.start for side in both),
            either(side.end for side in both),
            *scores[: len(kept.explained)],
        ],
        "status": status if len(kept.explained) == 2 else "",
        "differs": pair.kind is not Kind.SAME,
    }


def _piece_rows(kept: Kept) -> Iterator[list[str]]:
    """Both sides' pieces in order; two on the same characters share a row."""
    by_span: dict[tuple[int, int], list[Any]] = {}
    for index, side in enumerate(kept.explained):
        for piece in side.pieces[:_ROWS]:
            row = by_span.setdefault((piece.start, piece.end), [None] * len(kept.explained))
            row[index] = piece
    for (start, end), pieces in sorted(by_span.items())[:_ROWS]:
        cells = (
            ["–", "", ""] if one is None else [one.tag, f"{one.score:.3f}", f"{one.margin:.3f}"]
            for one in pieces
        )
        text = next(one.text for one in pieces if one is not None)
        yield [text, f"{start}–{end}", *(cell for three in cells for cell in three)]


def _circumstances(kept: Kept) -> list[tuple[str, str]]:
    """What the numbers depend on."""
    sides, machine = kept.sides, describe()
    executed = (
        f"{letter} {_PRECISIONS.get(side.origin.precision or '', side.origin.precision)}"
        for letter, side in zip("AB", sides.all, strict=False)
    )
    rows = [
        ("Executed in", ", ".join(executed)),
        ("Check when made", sides.right.gate.summary if sides.right and sides.right.gate else ""),
        ("Processor", f"{machine.cpu}, {machine.cores} usable cores"),
        ("Vector extensions", ", ".join(machine.vector_extensions) or "none known"),
        (
            "Device and threads",
            f"{sides.device}, {sides.left.threads or 'its own number of'} threads",
        ),
        ("Versions", ", ".join(f"{name} {number}" for name, number in machine.versions.items())),
    ]
    return [(name, told) for name, told in rows if told]


def probe_table(result: Probe, labels: Sequence[str]) -> Markup:
    """What each side still finds of each entity, by rewriting; or that there is none to lose."""
    if not result.found.pairs:
        return notice("Neither side finds an entity in this text, so there is none to lose.")
    classes = colour_classes(labels)
    rows = []
    for pair in result.found.pairs:
        entity = pair.left or pair.right
        assert entity is not None  # noqa: S101 - one side is an entity
        both = (
            result.left.get(pair.left) if pair.left else None,
            result.right.get(pair.right) if pair.right else None,
        )
        fates = [
            _fate([None if side is None else side[at] for side in both])
            for at in range(len(result.names))
        ]
        spelled = result.found.text[entity.start : entity.end]
        rows.append((spelled, entity.label, classes[entity.label], fates))
    kept = [
        " / ".join(
            f"{sum(fates[at] is Fate.KEPT for fates in side.values())} of {len(side)}"
            for side in (result.left, result.right)
        )
        for at in range(len(result.names))
    ]
    return macro("ner.ui", "tag_parts.html", "probe", result.names, kept, rows)


def _fate(both: Sequence[Fate | None]) -> tuple[str, str]:
    words = ["not found" if fate is None else fate.value for fate in both]
    worst = "kept" if set(words) == {"kept"} else "lost" if "lost" in words else "changed"
    return worst, words[0] if len(set(words)) == 1 else " / ".join(words)


# ---- Files ----


def written(kept: Kept, form: SavedAs) -> str:
    """The result as a file in this format."""
    return _WRITERS[form](kept)


def _provenance(kept: Kept) -> dict[str, Any]:
    choice = Choice(kept.choice.aggregation, kept.choice.threshold, kept.kept_labels)
    return schema.provenance_json([side.origin for side in kept.sides.all], choice)


def _json(kept: Kept) -> str:
    """What the API's compare (of one side alone, tag) answers; nothing is timed for it."""
    origins = [side.origin for side in kept.sides.all]
    if len(origins) == 1:
        answer = schema.tagged_json(kept.agreement.left)
    else:
        answer = schema.agreement_json(kept.agreement, origins, None)
    told = {**answer, "provenance": _provenance(kept)}
    return json.dumps(told, ensure_ascii=False, indent=1)


def _csv(kept: Kept) -> str:
    """A row for each pair, after one line on where all come from."""
    keys = KEYS[: len(kept.explained)]
    names = ("text", "label", "start", "end", "score")
    head = ["status", *(f"{name}_{key}" for key in keys for name in names)]
    rows = []
    for pair in kept.pairs:
        cells: list[object] = [pair.kind.value]
        for side in (pair.left, pair.right)[: len(keys)]:
            own = side and (kept.text[side.start : side.end], side.label, side.start, side.end)
            cells += [*own, round(side.score, 6)] if side and own else [""] * len(names)
        rows.append(cells)
    return f"{_comment(kept)}\r\n{write_csv([head, *rows])}"


def _conll(kept: Kept) -> str:
    """Token and tag of each side, the columns that conlleval reads; tokens are the left side's."""
    words: dict[int, tuple[int, int]] = {}
    for piece in kept.explained[0].pieces:
        start, _ = words.get(piece.word, (piece.start, 0))
        words[piece.word] = (start, piece.end)
    tokens = list(words.values())
    columns = [bio_tags(kept.found(index), tokens) for index in range(len(kept.explained))]
    lines = [_comment(kept)]
    for number, (start, end) in enumerate(tokens):
        if number and "\n" in kept.text[tokens[number - 1][1] : start]:
            lines.append("")
        spelled = re.sub(r"\s", "_", kept.text[start:end])
        lines.append("\t".join([spelled, *(tags[number] for tags in columns)]))
    return "\n".join([*lines, ""])


def _comment(kept: Kept) -> str:
    return f"# provenance = {json.dumps(_provenance(kept), ensure_ascii=False)}"


def _page(kept: Kept) -> str:
    """A page of its own that fetches nothing."""
    source = json.dumps(_provenance(kept), ensure_ascii=False, indent=1)
    return str(
        render(
            "ner.ui",
            "tag_alone.html",
            style=style(alone=True),
            source=source,
            tables=tables(kept),
            **view(kept, split=False),
        )
    )


def _python(kept: Kept) -> str:
    """A program that gives the result once more."""
    right = kept.sides.right
    given = {
        "left": (kept.sides.left.variant.name, "bundled#original"),
        "right": (right.variant.name if right else None, "bundled#int8"),
        "aggregation": (kept.choice.aggregation.value, "first"),
        "threshold": (kept.choice.threshold, 0),
        "labels": (kept.kept_labels and list(kept.kept_labels), None),
        "device": (kept.sides.device, "CPU"),
    }
    options = [f"{name}={value!r}" for name, (value, usual) in given.items() if value != usual]
    return "\n".join(
        [
            "import ner",
            "",
            f"text = {kept.text!r}",
            f"for pair in ner.compare({', '.join(['text', *options])}).pairs:",
            "    print(pair.kind, pair.left, pair.right)",
        ]
    )


_WRITERS = {
    SavedAs.JSON: _json,
    SavedAs.CSV: _csv,
    SavedAs.CONLL: _conll,
    SavedAs.HTML: _page,
    SavedAs.PYTHON: _python,
}
