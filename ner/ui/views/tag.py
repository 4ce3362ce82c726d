"""One comparison as tab 'Tag' shows it: plain values for its template, data for its script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from markupsafe import Markup

from ner import schema
from ner.colours import colour_classes
from ner.comparing.agreement import Agreement, fragile
from ner.comparing.comparison import Comparison
from ner.entities import Explained, Piece
from ner.evaluating.report import KEYS
from ner.machine import Machine
from ner.markup import marked_text, megabytes, render
from ner.models.catalogue import LABELS
from ner.models.open import Side, Sides
from ner.tagging.choice import Choice
from ner.tagging.hints import find_hints
from ner.ui.progress import Value
from ner.ui.views.cost import size_meters
from ner.ui.views.merged import places

LETTERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class SideResult:
    """One side with what it found; ``key`` is its name in the page's data, ``letter`` on it."""

    key: str
    letter: str
    side: Side
    explained: Explained

    @property
    def title(self) -> str:
        """What a reader calls it: 'A INT8'."""
        return f"{self.letter} {self.side.origin.title}"

    @property
    def precision(self) -> str:
        """What it is executed in."""
        hint = self.side.origin.precision or ""
        executed = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}.get(hint, hint)
        is_float = not self.side.variant.recipe.steps
        return f"{self.letter} {executed}" if is_float else f"{self.title}, float parts {executed}"


@dataclass(frozen=True, slots=True)
class Label:
    """A label as the page shows it: its name, what it means ('' if unknown), its CSS class."""

    name: str
    meaning: str
    style: str


@dataclass(frozen=True)
class TagResult:
    """A comparison with all that stands beside it on the page; times come later (`Cost`)."""

    comparison: Comparison
    sides: Sides
    machine: Machine
    choice: Choice

    def value(self, ticket: str) -> Value:
        """The result component's value; ``ticket`` tells the script which question it answers."""
        return {
            "html": render("ner.ui", "tag.html", **_view(self)),
            "data": json.dumps(_data(self), allow_nan=False),
            "ticket": ticket,
        }

    @cached_property
    def results(self) -> tuple[SideResult, ...]:
        """The sides that have a result, the left one first."""
        explained = (self.comparison.left, self.comparison.right)
        return tuple(
            SideResult(key, letter, side, result)
            for key, letter, side, result in zip(
                KEYS, LETTERS, self.sides.all, explained, strict=False
            )
            if result is not None
        )

    @cached_property
    def agreement(self) -> Agreement | None:
        """Both sides aligned; None without a right one."""
        return self.comparison.agreement

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of the model."""
        classes = colour_classes(self.sides.labels)
        return tuple(
            Label(label, LABELS[label].name if label in LABELS else "", classes[label])
            for label in self.sides.labels
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """One side's heading and its text with what it found."""

    key: str
    title: str
    text: Markup


def _view(result: TagResult) -> dict[str, Any]:
    """What the template lays out."""
    classes = colour_classes(result.sides.labels)
    results = result.results
    shown = [_without_plain_seams(side.explained) for side in results]
    return {
        "hints": list(_hints(result)),
        "labels": result.labels,
        "classes": classes,
        "places": list(places(*shown)),
        "panels": [
            Panel(side.key, side.title, marked_text(explained, classes))
            for side, explained in zip(results, shown, strict=True)
        ],
        "size": _size(results),
        "sizes": size_meters([(side.key, side.title, side.side.size) for side in results]),
        "entity_columns": _entity_columns(len(results)),
        "piece_columns": _piece_columns(len(results)),
        "circumstances": _circumstances(result),
    }


def _without_plain_seams(explained: Explained) -> Explained:
    """Without those at which a line begins, where anybody expects one."""
    text = explained.tagged.text
    seams = (at for at in explained.seams if not text[:at].rstrip(" \t").endswith("\n"))
    return replace(explained, seams=tuple(seams))


def _hints(result: TagResult) -> Iterator[tuple[str, str]]:
    """Sentences above the result, and their kinds."""
    found = [side.explained.tagged for side in result.results]
    for hint in find_hints(found[0].text, found=max(len(side.entities) for side in found)):
        yield hint, "hint"
    if result.comparison.right is None:
        yield result.sides.withheld or "B is not served.", "problem"
    else:
        yield from ((note, "hint") for note in result.sides.notes)


def _size(results: Sequence[SideResult]) -> tuple[str, str]:
    """Sizes on disk in one line, and how they compare."""
    sizes = [side.side.size for side in results]
    if len(sizes) < 2:
        return megabytes(sizes[0]), ""
    left, right = sizes
    written = f"{megabytes(left).removesuffix(' MB')} → {megabytes(right)}"
    if left == right:
        return written, "B takes as much as A"
    smaller = left > right
    ratio = left / right if smaller else right / left
    return written, f"B is {ratio:.1f} times {'smaller' if smaller else 'larger'}"


def _entity_columns(sides: int) -> list[tuple[str, str, bool]]:
    """Keys that the script sorts by, heads, and whether the column holds numbers."""
    scores = [
        (key, f"Score {letter}", True) for key, letter in zip(KEYS, LETTERS[:sides], strict=False)
    ]
    drift = [("drift", "B − A", True)] if sides == 2 else []
    return [
        *(("entity", "Entity", False), ("label", "Label", False)),
        *(("start", "Start", True), ("end", "End", True)),
        *scores,
        *drift,
        ("status", "Status", False),
    ]


def _piece_columns(sides: int) -> list[tuple[str, bool]]:
    """Heads, and whether the column holds numbers."""
    columns = [
        (f"{what} {letter}", what != "Tag")
        for letter in LETTERS[:sides]
        for what in ("Tag", "Score", "Margin")
    ]
    return [("Word piece", False), ("Where", True), *columns]


def _circumstances(result: TagResult) -> list[tuple[str, str]]:
    """What the numbers depend on."""
    sides, machine = result.sides, result.machine
    threads = sides.left.threads or "its own number of"
    versions = [f"{name} {version}" for name, version in machine.versions.items()]
    rows = [
        ("Executed in", "; ".join(side.precision for side in result.results)),
        ("Processor", f"{machine.cpu}, {machine.cores} usable cores"),
        ("Vector extensions", ", ".join(machine.vector_extensions) or "none known"),
        ("Device and threads", f"{sides.device}, {threads} threads"),
        ("Versions", ", ".join([f"Python {machine.python}", *versions])),
    ]
    if sides.right is not None and sides.right.gate is not None:
        rows.insert(1, ("Check when made", sides.right.gate.summary))
    return rows


def _data(result: TagResult) -> dict[str, Any]:
    """What the page's script works on. Entities and timing are as in :mod:`ner.schema`."""
    tagged = _tagged(result)
    return {
        "text": tagged["text"],
        "left": tagged["left"]["entities"],
        "right": tagged["right"] and tagged["right"]["entities"],
        "titles": {side.key: side.title for side in result.results},
        "origins": {side.key: schema.origin_json(side.side.origin) for side in result.results},
        "timing": None,
        "provenance": schema.provenance_json(
            [side.side.origin for side in result.results], result.choice
        ),
        **_pairs(result),
        "pieces": _pieces(result.results),
        "labels": {
            label.name: {"name": label.meaning, "class": label.style} for label in result.labels
        },
        "settings": {
            "left": result.sides.left.variant.name,
            "right": result.sides.right and result.sides.right.variant.name,
            "device": result.sides.device,
            "aggregation": result.choice.aggregation.value,
        },
    }


def _tagged(result: TagResult) -> Mapping[str, Any]:
    """What ``compare`` answers; of one side alone its entities."""
    if result.agreement is None:
        left = schema.tagged_json(result.comparison.left.tagged)
        return {"text": left["text"], "left": left, "right": None}
    origins = [side.side.origin for side in result.results]
    return schema.agreement_json(result.agreement, origins, None)


def _pairs(result: TagResult) -> dict[str, Any]:
    """Each pair as ``[index left, index right, drift]``, and which pairs are fragile."""
    margins = [side.explained.margins for side in result.results]
    if result.agreement is None:
        [alone] = margins
        pairs = [(index, None, None) for index in range(len(alone))]
        return {"pairs": pairs, "fragile": _indices(fragile(m) for m in alone.values())}
    left, right = ({entity: at for at, entity in enumerate(side)} for side in margins)
    rows = [
        (
            None if pair.left is None else left[pair.left],
            None if pair.right is None else right[pair.right],
            None if pair.drift is None else round(pair.drift, 6),
        )
        for pair in result.agreement.pairs
    ]
    near = (fragile(*pair.margins(*margins)) for pair in result.agreement.pairs)
    return {"pairs": rows, "fragile": _indices(near)}


def _indices(marks: Iterator[bool]) -> list[int]:
    return [index for index, mark in enumerate(marks) if mark]


def _pieces(results: Sequence[SideResult]) -> dict[str, Any]:
    """Each side's word pieces by column; two models may cut a text in two ways."""
    return {side.key: _columns(side.explained.pieces) for side in results}


def _columns(pieces: Sequence[Piece]) -> dict[str, Any]:
    return {
        "text": [piece.text for piece in pieces],
        "start": [piece.start for piece in pieces],
        "end": [piece.end for piece in pieces],
        "word": [piece.word for piece in pieces],
        "tag": [piece.tag for piece in pieces],
        "score": [round(piece.score, 4) for piece in pieces],
        "margin": [round(piece.margin, 4) for piece in pieces],
        "other": [piece.runner_up for piece in pieces],
    }
