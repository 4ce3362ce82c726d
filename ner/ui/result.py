"""One comparison as the page shows it: markup, and the same as data for the page's script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ner import schema
from ner.comparing.agreement import Agreement
from ner.comparing.comparison import Comparison
from ner.comparing.timing import Timing
from ner.entities import Entity, Explained
from ner.evaluating.report import KEYS
from ner.machine import Machine
from ner.models.opened import Side, Sides
from ner.models.prepared import Gate
from ner.models.recipes import Variant
from ner.render import (
    Bar,
    bar_chart,
    colour_classes,
    definitions,
    escape,
    marked_text,
    notice,
)
from ner.stats import ratio_verdict
from ner.tagging.choice import Choice

# An entity is fragile when another type comes this close to one of its words on either side.
FRAGILE_MARGIN = 0.2

Value = dict[str, str]
"""What the result component holds: ``html``, and ``data`` as JSON text (empty without a result)."""


def message(text: str, *, kind: str = "hint") -> Value:
    """A sentence in the place of a result."""
    return {"html": notice(text, kind=kind), "data": ""}


def problem(text: str) -> Value:
    """The sentence of a failure, where the result would be."""
    return message(text, kind="problem")


@dataclass(frozen=True)
class Shown:
    """A comparison with all that stands beside it on the page."""

    comparison: Comparison
    pair: Sides
    machine: Machine
    choice: Choice

    @property
    def value(self) -> Value:
        """The result component's value."""
        agreement = self.comparison.agreement
        timing = self.comparison.timing
        # The interval is a bootstrap: taken once.
        verdict = None if timing is None else ratio_verdict(timing.ratio, timing.interval)
        return {
            "html": _page(self, agreement, verdict),
            "data": json.dumps(_data(self, agreement), allow_nan=False),
        }

    @property
    def sides(self) -> tuple[tuple[str, Side, Explained], ...]:
        """The sides that have a result, the left one first, with their keys in the page's data."""
        results = (self.comparison.left, self.comparison.right)
        found = zip(KEYS, self.pair.all, results, strict=False)
        return tuple((key, side, result) for key, side, result in found if result is not None)


def megabytes(size: int) -> str:
    """Bytes as MB, with as many decimals as say something."""
    return f"{size / 1e6:.0f} MB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def milliseconds(value: float) -> str:
    """Milliseconds with three figures."""
    return f"{value:.0f} ms" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f} ms"


def _shrink(left: Side, right: Side) -> str:
    return f"{left.size / right.size:.1f} × smaller"


def _precision(side: Side) -> str:
    hint = side.origin.precision or ""
    executed = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}.get(hint, hint)
    is_float = side.origin.variant == Variant.ORIGINAL
    return executed if is_float else f"{side.origin.title}, float parts {executed}"


def _page(shown: Shown, agreement: Agreement | None, verdict: str | None) -> str:
    classes = colour_classes(shown.pair.labels)
    panels = "".join(_panel(shown, index, verdict, classes) for index in range(len(shown.sides)))
    return "".join(
        [
            _hints(shown),
            _controls(shown, classes),
            _headline(agreement is not None),
            f'<div class="panels">{panels}</div>',
            _ACTIONS if agreement is not None else _ACTIONS.replace(_INT8_HINT, ""),
            _entity_table([side.origin.title for _, side, _ in shown.sides]),
            _piece_table([side.origin.title for _, side, _ in shown.sides]),
            _cost(shown, verdict),
        ]
    )


def _hints(shown: Shown) -> str:
    hints = []
    text = shown.comparison.left.tagged.text
    if any(letter.islower() for letter in text) and text == text.lower():
        hints.append(
            notice(
                "The text has no capital letters. This model relies on them and will miss names; "
                "write names with capitals if you can."
            )
        )
    if shown.comparison.right is None:
        hints.append(notice(shown.pair.withheld or "INT8 is not served.", kind="problem"))
    return "".join(hints)


def _controls(shown: Shown, classes: Mapping[str, str]) -> str:
    names = shown.pair.spec.label_names
    boxes = "".join(
        f'<label class="label {classes[label]}"><input type="checkbox" data-label checked '
        f'value="{escape(label)}"><span class="chip {classes[label]}">{escape(label)}</span>'
        f"{escape(names.get(label, ''))}</label>"
        for label in shown.pair.labels
    )
    return (
        f'<div class="controls"><fieldset><legend>Labels</legend>{boxes}</fieldset>{_THRESHOLD}'
        "</div>"
    )


_THRESHOLD = """
<div class="threshold"><label for="ner-threshold">Threshold
<output data-part="threshold-value">0.00</output></label>
<div class="kept"><svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
<polyline class="left" data-part="kept-left"/>
<polyline class="right" data-part="kept-right"/></svg>
<input id="ner-threshold" type="range" min="0" max="1" step="0.01" value="0"
data-part="threshold"></div>
<span class="small" data-part="kept"></span></div>
"""


def _headline(both: bool) -> str:
    """Do the two agree: the script writes the sentence, since it depends on the filter."""
    return (
        '<div class="headline"><strong role="status" data-part="sentence"></strong>'
        f"{_JUMP if both else ''}</div>"
    )


_JUMP = """
<span class="jump"><button type="button" data-do="previous"
aria-label="Previous difference">‹</button><button type="button" data-do="next">Next
difference</button></span>
"""


def _panel(shown: Shown, index: int, verdict: str | None, classes: Mapping[str, str]) -> str:
    key, side, result = shown.sides[index]
    name = escape(side.origin.title)
    facts = escape(" · ".join(_facts(shown, index, verdict)))
    return (
        f'<section class="panel" data-side="{key}" aria-label="{name}">'
        f"<h2>{name} <small>{facts}</small></h2>"
        f'<div class="text" dir="auto" role="group" aria-label="Text with what {name} found">'
        f"{marked_text(result, classes)}</div></section>"
    )


def _facts(shown: Shown, index: int, verdict: str | None) -> list[str]:
    """What one side costs, and how that compares, for its panel's heading."""
    timing = shown.comparison.timing
    (_, left, _), *_ = shown.sides
    if index == 0:
        timed = [] if timing is None else [milliseconds(timing.left.median_ms)]
        return [_precision(left), megabytes(left.size), *timed]
    right = shown.sides[index][1]
    size = f"{megabytes(right.size)}, {_shrink(left, right)}"
    if timing is None or verdict is None:
        return [size]
    median = milliseconds(timing.right.median_ms)
    return [size, f"{median}, {verdict}, {timing.right.n} runs"]


_INT8_HINT = " <kbd>↑</kbd> <kbd>↓</kbd> other model · <kbd>n</kbd> <kbd>p</kbd> differences"
_ACTIONS = f"""
<div class="actions"><p class="detail" data-part="detail"><span class="keys">Click an entity, or Tab
to it: <kbd>←</kbd> <kbd>→</kbd> entities ·{_INT8_HINT}</span></p>
<span class="group" role="group" aria-label="Table"><button type="button" data-view="entities"
aria-pressed="true">Entities</button><button type="button" data-view="pieces"
aria-pressed="false">Word pieces</button></span>
<span class="group" role="group" aria-label="Download as"><span class="name">Download</span><button
type="button" data-save="json">JSON</button><button type="button"
data-save="csv">CSV</button><button type="button" data-save="conll">CoNLL</button><button
type="button" data-save="html">HTML</button></span>
<span class="group"><button type="button" data-do="share">Share link</button><button type="button"
data-do="python">Python</button></span></div>
<div class="out" data-part="out"></div>
"""


def _entity_table(titles: Sequence[str]) -> str:
    columns = [("entity", "Entity"), ("label", "Label"), ("start", "Start"), ("end", "End")]
    columns += [(key, f"Score {escape(title)}") for key, title in zip(KEYS, titles, strict=False)]
    columns += [("drift", "Drift")] if len(titles) == 2 else []
    columns.append(("status", "Status"))
    heads = "".join(
        f'<th scope="col" data-sort="{key}"><button type="button">{name}</button></th>'
        for key, name in columns
    )
    return _table("entities", "Entities", "entity-table", len(columns), heads)


def _piece_table(names: Sequence[str]) -> str:
    heads = ["Word piece", "Where"]
    heads += [f"{what} {name}" for name in names for what in ("Tag", "Score", "Margin")]
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return _table("pieces", "Word pieces", "piece-table", len(heads), cells)


def _table(part: str, name: str, table: str, columns: int, heads: str) -> str:
    """An empty table that the script fills; its columns are laid out by the stylesheet's grid."""
    return (
        f'<div class="table" data-part="{part}"><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{name}"><table class="rows" data-part="{table}" '
        f'style="--columns:{columns}"><thead><tr>{heads}</tr></thead></table></div></div>'
    )


def _cost(shown: Shown, verdict: str | None) -> str:
    timing = shown.comparison.timing
    titles = [side.origin.title for _, side, _ in shown.sides]
    charts = [_size_chart(*(side for _, side, _ in shown.sides))] if len(titles) == 2 else []
    if timing is not None and verdict is not None:
        charts.append(_latency_chart(timing, titles, verdict))
    return (
        '<section class="cost" aria-label="Cost"><h2>What it costs <small>measured here and now'
        f"</small></h2>{''.join(charts)}{definitions(_circumstances(shown))}</section>"
    )


def _size_chart(left: Side, right: Side) -> str:
    bars = [Bar(side.origin.title, side.size, megabytes(side.size)) for side in (left, right)]
    return bar_chart("Size on disk", bars, _shrink(left, right))


def _latency_chart(timing: Timing, titles: Sequence[str], verdict: str) -> str:
    bars = [
        Bar(
            title,
            latency.median_ms,
            f"{milliseconds(latency.median_ms)} (p95 {milliseconds(latency.p95_ms)})",
            latency.p95_ms,
        )
        for title, latency in zip(titles, (timing.left, timing.right), strict=True)
    ]
    caption = f"{verdict}, {timing.right.n} runs each, in turns"
    return bar_chart("Latency of this text (median)", bars, caption)


def _circumstances(shown: Shown) -> list[tuple[str, str]]:
    """What the numbers depend on."""
    pair, machine = shown.pair, shown.machine
    versions = [f"{name} {version}" for name, version in machine.versions.items()]
    rows = [
        ("Executed in", "; ".join(_precision(side) for _, side, _ in shown.sides)),
        ("Processor", f"{machine.cpu}, {machine.cores} usable cores"),
        ("Vector extensions", ", ".join(machine.vector_extensions) or "none known"),
        ("Device and threads", f"{pair.device}, {pair.threads or 'its own number of'} threads"),
        ("Versions", ", ".join([f"Python {machine.python}", *versions])),
    ]
    if shown.comparison.right is not None:
        rows.insert(1, ("Check when made", _gate(pair.gate)))
    return rows


def _gate(gate: Gate) -> str:
    score = f"{100 * gate.f1:.1f} % agreement on {gate.entities} entities"
    if gate.established:
        return f"{score} ({100 * gate.FLOOR:.0f} % needed)"
    return f"{score}: not established, under {gate.ENOUGH} entities"


def _data(shown: Shown, agreement: Agreement | None) -> dict[str, Any]:
    """What the page's script works on. Entities and timing are as in :mod:`ner.schema`."""
    spec, comparison = shown.pair.spec, shown.comparison
    classes = colour_classes(shown.pair.labels)
    if agreement is None:
        tagged = schema.tagged_json(comparison.left.tagged)
        result = {"text": tagged["text"], "left": tagged, "right": None}
    else:
        origins = [side.origin for _, side, _ in shown.sides]
        result = schema.agreement_json(agreement, origins, comparison.timing)
    return {
        "text": result["text"],
        "left": result["left"]["entities"],
        "right": result["right"] and result["right"]["entities"],
        "titles": {key: side.origin.title for key, side, _ in shown.sides},
        "origins": {key: schema.origin_json(side.origin) for key, side, _ in shown.sides},
        "timing": result.get("timing"),
        **_pairs(comparison, agreement),
        "pieces": _pieces(shown),
        "labels": {
            label: {"name": spec.label_names.get(label, ""), "class": classes[label]}
            for label in shown.pair.labels
        },
        "settings": {
            "model": spec.name,
            "device": shown.pair.device,
            "strategy": shown.choice.strategy.value,
        },
    }


def _pairs(comparison: Comparison, agreement: Agreement | None) -> dict[str, Any]:
    """Each pair as ``[index left, index right, drift]``, and which pairs are fragile."""
    left = _margins(comparison.left)
    right = {} if comparison.right is None else _margins(comparison.right)
    if agreement is None:
        rows = [(index, None, None) for index in range(len(left))]
        margins = [[margin] for margin in left.values()]
        return {"pairs": rows, "fragile": _fragile(margins)}
    order = ({one: at for at, one in enumerate(side)} for side in (left, right))
    index_left, index_right = order
    pairs = [
        (
            None if pair.left is None else index_left[pair.left],
            None if pair.right is None else index_right[pair.right],
            None if pair.drift is None else round(pair.drift, 6),
        )
        for pair in agreement.pairs
    ]
    margins = [
        [side[one] for side, one in ((left, pair.left), (right, pair.right)) if one]
        for pair in agreement.pairs
    ]
    return {"pairs": pairs, "fragile": _fragile(margins)}


def _fragile(margins: Sequence[Sequence[float]]) -> list[int]:
    return [index for index, both in enumerate(margins) if min(both) < FRAGILE_MARGIN]


def _margins(explained: Explained) -> dict[Entity, float]:
    """Each entity's smallest margin among the pieces that begin its words, in one pass."""
    margins = dict.fromkeys(explained.tagged.entities, 1.0)
    entities = iter(explained.tagged.entities)
    entity = next(entities, None)
    word = None
    for piece in explained.pieces:
        while entity is not None and entity.end <= piece.start:
            entity = next(entities, None)
        if entity is None:
            break
        if piece.start >= entity.start and piece.word != word:
            margins[entity] = min(margins[entity], piece.margin)
        word = piece.word
    return margins


def _pieces(shown: Shown) -> dict[str, Any]:
    """The word pieces by column: both sides read the same ones."""
    pieces = shown.comparison.left.pieces
    columns: dict[str, Any] = {
        "text": [piece.text for piece in pieces],
        "start": [piece.start for piece in pieces],
        "end": [piece.end for piece in pieces],
        "word": [piece.word for piece in pieces],
    }
    for key, _, result in shown.sides:
        columns[key] = {
            "tag": [piece.tag for piece in result.pieces],
            "score": [round(piece.score, 4) for piece in result.pieces],
            "margin": [round(piece.margin, 4) for piece in result.pieces],
        }
    return columns
