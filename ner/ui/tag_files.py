"""A result of tab 'Tag' at length: tables of it, what a rewritten text keeps, and files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ner import schema
from ner.comparing.agreement import Kind, Pair, fragile
from ner.comparing.probe import Fate, Probe
from ner.entities import Piece, bio_tags
from ner.evaluating.tables import provenance_table
from ner.files.read import Row
from ner.files.tokens import annotate
from ner.files.write import Layout, TaggedRow, output_for
from ner.markup import macro, notice, render
from ner.tables import Cell, Table
from ner.tables import html as table_html
from ner.ui.look import style
from ner.ui.tagged import Kept, view

# Rows of a table on the page; files have all.
_ROWS = 500


def tables(kept: Kept) -> Markup:
    """The entities and the word pieces of both sides, and what the numbers depend on."""
    source = provenance_table(_provenance(kept))
    shown = map(table_html, (_entity_table(kept), _piece_table(kept), source))
    return macro("ner.ui", "tag_parts.html", "tables", *shown)


def _first(rows: Sequence[object]) -> str:
    """A note for where not all rows are shown."""
    return f"The first {_ROWS} of {len(rows):,}; a file has all." if len(rows) > _ROWS else ""


def _entity_table(kept: Kept) -> Table:
    scores = (f"Score {letter}" for letter in "AB"[: len(kept.explained)])
    heads = ("Entity", "Label", "Start", "End", *scores, "Status")
    rows = (_entity_row(kept, pair) for pair in kept.pairs[:_ROWS])
    return Table.of("Entities", heads, rows, _first(kept.pairs))


def _entity_row(kept: Kept, pair: Pair) -> list[Cell | str]:
    both = pair.entities

    def either(values: Iterable[object]) -> str:
        return " → ".join(dict.fromkeys(map(str, values)))

    words = {Kind.SAME: "same", Kind.BOUNDARY: "boundary differs", Kind.LABEL: "label differs"}
    missing = kept.missing(0 if pair.left is None else 1, pair)
    status = words.get(pair.kind) or f"{missing} in {'A' if pair.left is None else 'B'}"
    sides = (pair.left, pair.right)[: len(kept.explained)]
    told = zip(kept.explained, sides, strict=True)
    if fragile(*(side.margins[entity] for side, entity in told if entity)):
        status += ", a close call"
    return [
        either(kept.text[side.start : side.end] for side in both),
        either(side.label for side in both),
        Cell(either(side.start for side in both), value=pair.start),
        Cell(either(side.end for side in both), value=pair.end),
        *(Cell(f"{it.score:.3f}", value=it.score) if it else "–" for it in sides),
        status,
    ]


def _piece_table(kept: Kept) -> Table:
    """Both sides' pieces in order; two on the same characters share a row."""
    sides = [{(it.start, it.end): it for it in side.pieces} for side in kept.explained]
    spans = sorted({span for side in sides for span in side})
    heads = ("Tag", "Score", "Margin")
    columns = [f"{head} {letter}" for letter in "AB"[: len(sides)] for head in heads]
    rows = (
        [
            kept.text[slice(*span)],
            "{}–{}".format(*span),
            *(cell for side in sides for cell in _piece_cells(side.get(span))),
        ]
        for span in spans[:_ROWS]
    )
    return Table.of("Word pieces", ("Piece", "Where", *columns), rows, _first(spans))


def _piece_cells(piece: Piece | None) -> tuple[Cell | str, ...]:
    if piece is None:
        return "–", "", ""
    scores = (piece.score, piece.margin)
    return piece.tag, *(Cell(f"{score:.3f}", value=score) for score in scores)


def probe_table(result: Probe) -> Markup:
    """What each side still finds of each entity, by rewriting; or that there is none to lose."""
    if not result.found.pairs:
        return notice("Neither side finds an entity in this text, so there is none to lose.")
    kept = [
        " / ".join(
            f"{sum(fates[at] is Fate.KEPT for fates in side.values())} of {len(side)}"
            for side in (result.left, result.right)
        )
        for at in range(len(result.names))
    ]
    rows: list[Sequence[Cell | str]] = [["kept", *kept]]
    for pair in result.found.pairs:
        entity = pair.entities[0]
        missing = ("not found",) * len(kept)
        left, right = (
            side.get(one, missing) if one else missing
            for side, one in ((result.left, pair.left), (result.right, pair.right))
        )
        spelled = result.found.text[entity.start : entity.end]
        rows.append([f"{spelled}, {entity.label}", *map(_fate, left, right)])
    note = (
        "What each side still finds when the text is written differently. Where a cell names two "
        "results, the first is A's and the second is B's."
    )
    return table_html(Table.of("Robustness", ("Entity", *result.names), rows, note))


def _fate(left: str, right: str) -> Cell:
    answer = "no" if "lost" in (left, right) else "" if left == right == "kept" else "undecided"
    return Cell(left if left == right else f"{left} / {right}", answer=answer)


# ---- Files ----


def _provenance(kept: Kept) -> dict[str, Any]:
    choice = replace(kept.choice, labels=kept.kept_labels)
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
    """As tab 'Files' writes a row of a file, after one line on where all comes from."""
    both = len(kept.explained) == 2
    output = output_for(Path("entities.csv"), Layout(both=both))
    row = TaggedRow(Row(1, kept.text), kept.agreement.left, kept.agreement.right if both else None)
    return "".join([_comment(kept), "\r\n", output.header.removeprefix("\ufeff"), output.row(row)])


def _conll(kept: Kept) -> str:
    """Token and tag of each side, the columns that conlleval reads; tokens are the left side's."""
    tokens = annotate(kept.agreement.left).token_offsets
    columns = [bio_tags(kept.found(index), tokens) for index in range(len(kept.explained))]
    lines = [_comment(kept)]
    end = 0
    for (start, following), *tags in zip(tokens, *columns, strict=True):
        lines += [""] if end and "\n" in kept.text[end:start] else []
        spelled = re.sub(r"\s", "_", kept.text[start:following])
        lines.append("\t".join([spelled, *tags]))
        end = following
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
        "reading": (kept.choice.reading_name, "segments"),
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


WRITERS = {"json": _json, "csv": _csv, "conll": _conll, "html": _page, "py": _python}
"""What writes a result as a file, by its ending; ``py`` is a program that makes it again."""
