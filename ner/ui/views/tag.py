"""One comparison as tab 'Tag' shows it: plain values for its template, data for its script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from ner import schema
from ner.colours import colour_classes
from ner.comparing.agreement import Agreement, fragile
from ner.comparing.comparison import Comparison
from ner.entities import Explained
from ner.evaluating.report import KEYS
from ner.machine import Machine
from ner.markup import marked_text, megabytes, milliseconds, render
from ner.models.opened import Side, Sides
from ner.stats import ratio_verdict
from ner.tagging.choice import Choice
from ner.ui.progress import Value
from ner.ui.views.charts import Bar, bar_chart


@dataclass(frozen=True, slots=True)
class SideResult:
    """One side with what it found; ``key`` is its name in the page's data."""

    key: str
    side: Side
    explained: Explained

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return self.side.origin.title

    @property
    def precision(self) -> str:
        """What it is executed in."""
        hint = self.side.origin.precision or ""
        executed = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}.get(hint, hint)
        is_float = not self.side.variant.recipe.steps
        return executed if is_float else f"{self.title}, float parts {executed}"


@dataclass(frozen=True, slots=True)
class Label:
    """A label as the page shows it: its name, what it means ('' if unknown), its CSS class."""

    name: str
    meaning: str
    style: str


@dataclass(frozen=True)
class TagResult:
    """A comparison with all that stands beside it on the page."""

    comparison: Comparison
    sides: Sides
    machine: Machine
    choice: Choice

    @property
    def value(self) -> Value:
        """The result component's value."""
        return {
            "html": render("ner.ui", "tag.html", **_view(self)),
            "data": json.dumps(_data(self), allow_nan=False),
        }

    @cached_property
    def results(self) -> tuple[SideResult, ...]:
        """The sides that have a result, the left one first."""
        explained = (self.comparison.left, self.comparison.right)
        return tuple(
            SideResult(key, side, result)
            for key, side, result in zip(KEYS, self.sides.all, explained, strict=False)
            if result is not None
        )

    @cached_property
    def agreement(self) -> Agreement | None:
        """Both sides aligned; None without a right one."""
        return self.comparison.agreement

    @cached_property
    def speed(self) -> str | None:
        """How the latencies compare; None where they were not measured. A bootstrap: taken once."""
        timing = self.comparison.timing
        return None if timing is None else ratio_verdict(timing.ratio, timing.interval)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels of the model."""
        names, classes = self.sides.spec.label_names, colour_classes(self.sides.labels)
        return tuple(
            Label(label, names.get(label, ""), classes[label]) for label in self.sides.labels
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """One side's heading and its text with what it found."""

    key: str
    title: str
    facts: str
    text: Markup


def _view(result: TagResult) -> dict[str, Any]:
    """What the template lays out."""
    return {
        "hints": list(_hints(result)),
        "labels": result.labels,
        "panels": _panels(result),
        "entity_columns": _entity_columns([side.title for side in result.results]),
        "piece_columns": _piece_columns([side.title for side in result.results]),
        "charts": list(_charts(result)),
        "circumstances": _circumstances(result),
    }


def _hints(result: TagResult) -> Iterator[tuple[str, str]]:
    """Sentences above the result, and their kinds."""
    text = result.comparison.left.tagged.text
    if any(letter.islower() for letter in text) and text == text.lower():
        yield (
            "The text has no capital letters. This model relies on them and will miss names; "
            "write names with capitals if you can.",
            "hint",
        )
    if result.comparison.right is None:
        yield result.sides.withheld or "The right side is not served.", "problem"
    else:
        yield from ((note, "hint") for note in result.sides.notes)


def _panels(result: TagResult) -> list[Panel]:
    classes = colour_classes(result.sides.labels)
    facts = (_left_facts(result), *([_right_facts(result)] if len(result.results) == 2 else []))
    return [
        Panel(side.key, side.title, " · ".join(costs), marked_text(side.explained, classes))
        for side, costs in zip(result.results, facts, strict=True)
    ]


def _left_facts(result: TagResult) -> list[str]:
    """What the left side costs."""
    [left, *_] = result.results
    timing = result.comparison.timing
    latency = [] if timing is None else [milliseconds(timing.left.median_ms)]
    return [left.precision, megabytes(left.side.size), *latency]


def _right_facts(result: TagResult) -> list[str]:
    """What the right side costs, and how that compares."""
    left, right = result.results
    timing = result.comparison.timing
    size = f"{megabytes(right.side.size)}, {_size_ratio(left.side, right.side)}"
    if timing is None:
        return [size]
    latency = f"{milliseconds(timing.right.median_ms)}, {result.speed}, {timing.right.n} runs"
    return [size, latency]


def _size_ratio(left: Side, right: Side) -> str:
    return f"{left.size / right.size:.1f} × smaller"


def _entity_columns(titles: Sequence[str]) -> list[tuple[str, str]]:
    """Keys that the script sorts by, and heads."""
    scores = [(key, f"Score {title}") for key, title in zip(KEYS, titles, strict=False)]
    drift = [("drift", "Drift")] if len(titles) == 2 else []
    return [
        *(("entity", "Entity"), ("label", "Label"), ("start", "Start"), ("end", "End")),
        *scores,
        *drift,
        ("status", "Status"),
    ]


def _piece_columns(titles: Sequence[str]) -> list[str]:
    sides = [f"{what} {title}" for title in titles for what in ("Tag", "Score", "Margin")]
    return ["Word piece", "Where", *sides]


def _charts(result: TagResult) -> Iterator[Markup]:
    """Size on disk, and latency where it was measured."""
    if len(result.results) < 2:
        return
    left, right = result.results
    sizes = [Bar(it.title, it.side.size, megabytes(it.side.size)) for it in result.results]
    yield bar_chart("Size on disk", sizes, _size_ratio(left.side, right.side))
    timing = result.comparison.timing
    if timing is not None:
        bars = [
            Bar(
                side.title,
                latency.median_ms,
                f"{milliseconds(latency.median_ms)} (p95 {milliseconds(latency.p95_ms)})",
                latency.p95_ms,
            )
            for side, latency in zip(result.results, (timing.left, timing.right), strict=True)
        ]
        caption = f"{result.speed}, {timing.right.n} runs each, in turns"
        yield bar_chart("Latency of this text (median)", bars, caption)


def _circumstances(result: TagResult) -> list[tuple[str, str]]:
    """What the numbers depend on."""
    sides, machine = result.sides, result.machine
    versions = [f"{name} {version}" for name, version in machine.versions.items()]
    rows = [
        ("Executed in", "; ".join(side.precision for side in result.results)),
        ("Processor", f"{machine.cpu}, {machine.cores} usable cores"),
        ("Vector extensions", ", ".join(machine.vector_extensions) or "none known"),
        ("Device and threads", f"{sides.device}, {sides.threads or 'its own number of'} threads"),
        ("Versions", ", ".join([f"Python {machine.python}", *versions])),
    ]
    if result.comparison.right is not None and sides.gate is not None:
        rows.insert(1, ("Check when made", sides.gate.summary))
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
        "timing": tagged.get("timing"),
        **_pairs(result),
        "pieces": _pieces(result.results),
        "labels": {
            label.name: {"name": label.meaning, "class": label.style} for label in result.labels
        },
        "settings": {
            "left": result.sides.left.variant.name,
            "right": result.sides.right and result.sides.right.variant.name,
            "device": result.sides.device,
            "strategy": result.choice.strategy.value,
        },
    }


def _tagged(result: TagResult) -> Mapping[str, Any]:
    """What ``compare`` answers; of one side alone its entities."""
    if result.agreement is None:
        left = schema.tagged_json(result.comparison.left.tagged)
        return {"text": left["text"], "left": left, "right": None}
    origins = [side.side.origin for side in result.results]
    return schema.agreement_json(result.agreement, origins, result.comparison.timing)


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
    """The word pieces by column: both sides read the same ones."""
    pieces = results[0].explained.pieces
    columns: dict[str, Any] = {
        "text": [piece.text for piece in pieces],
        "start": [piece.start for piece in pieces],
        "end": [piece.end for piece in pieces],
        "word": [piece.word for piece in pieces],
    }
    for side in results:
        columns[side.key] = {
            "tag": [piece.tag for piece in side.explained.pieces],
            "score": [round(piece.score, 4) for piece in side.explained.pieces],
            "margin": [round(piece.margin, 4) for piece in side.explained.pieces],
        }
    return columns
