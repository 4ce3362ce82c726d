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
from ner.machine import Machine
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
from ner.tagging.decode import Strategy
from ner.ui.contract import Pair

# An entity is fragile when another type comes this close to one of its words on either side.
FRAGILE_MARGIN = 0.2

Value = dict[str, str]
"""What the result component holds: ``html``, and ``data`` as JSON text (empty without a result)."""

_NAMES = {Variant.ORIGINAL: "Original", Variant.INT8: "INT8"}


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
    pair: Pair
    machine: Machine
    strategy: Strategy

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
    def sides(self) -> tuple[tuple[Variant, Explained], ...]:
        """The variants that have a result, the original first."""
        original = (Variant.ORIGINAL, self.comparison.original)
        int8 = self.comparison.int8
        return (original,) if int8 is None else (original, (Variant.INT8, int8))


def megabytes(size: int) -> str:
    """Bytes as MB, with as many decimals as say something."""
    return f"{size / 1e6:.0f} MB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def milliseconds(value: float) -> str:
    """Milliseconds with three figures."""
    return f"{value:.0f} ms" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f} ms"


def _ratio(pair: Pair) -> str:
    return f"{pair.size(Variant.ORIGINAL) / pair.size(Variant.INT8):.1f} ×"


def _precision(pair: Pair, variant: Variant) -> str:
    executed = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}.get(
        pair.precision(variant), pair.precision(variant)
    )
    return executed if variant is Variant.ORIGINAL else f"INT8, float parts {executed}"


def _page(shown: Shown, agreement: Agreement | None, verdict: str | None) -> str:
    classes = colour_classes(shown.pair.labels)
    panels = "".join(_panel(shown, variant, verdict, classes) for variant, _ in shown.sides)
    return "".join(
        [
            _hints(shown),
            _controls(shown, classes),
            _headline(agreement is not None),
            f'<div class="panels">{panels}</div>',
            _ACTIONS if agreement is not None else _ACTIONS.replace(_INT8_HINT, ""),
            _entity_table(agreement is not None),
            _piece_table([_NAMES[variant] for variant, _ in shown.sides]),
            _cost(shown, verdict),
        ]
    )


def _hints(shown: Shown) -> str:
    hints = []
    text = shown.comparison.original.tagged.text
    if any(letter.islower() for letter in text) and text == text.lower():
        hints.append(
            notice(
                "The text has no capital letters. This model relies on them and will miss names; "
                "write names with capitals if you can."
            )
        )
    if shown.comparison.int8 is None:
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
<polyline class="original" data-part="kept-original"/>
<polyline class="int8" data-part="kept-int8"/></svg>
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


def _panel(shown: Shown, variant: Variant, verdict: str | None, classes: Mapping[str, str]) -> str:
    name = _NAMES[variant]
    facts = escape(" · ".join(_facts(shown, variant, verdict)))
    return (
        f'<section class="panel" data-side="{variant}" aria-label="{name}">'
        f"<h2>{name} <small>{facts}</small></h2>"
        f'<div class="text" dir="auto" role="group" aria-label="Text with what {name} found">'
        f"{marked_text(dict(shown.sides)[variant], classes)}</div></section>"
    )


def _facts(shown: Shown, variant: Variant, verdict: str | None) -> list[str]:
    """What one side costs, and how that compares, for its panel's heading."""
    pair, timing = shown.pair, shown.comparison.timing
    size = megabytes(pair.size(variant))
    if variant is Variant.ORIGINAL:
        timed = [] if timing is None else [milliseconds(timing.original.median_ms)]
        return [_precision(pair, variant), size, *timed]
    if timing is None or verdict is None:
        return [f"{size}, {_ratio(pair)} smaller"]
    timed = [f"{milliseconds(timing.int8.median_ms)}, {verdict}, n = {timing.int8.n}"]
    return [f"{size}, {_ratio(pair)} smaller", *timed]


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


def _entity_table(both: bool) -> str:
    columns = [("entity", "Entity"), ("label", "Label"), ("start", "Start"), ("end", "End")]
    columns.append(("original", "Score original" if both else "Score"))
    columns += [("int8", "Score INT8"), ("drift", "Drift")] if both else []
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
    both = shown.comparison.int8 is not None
    charts = [_size_chart(shown.pair)] if both else []
    if timing is not None and verdict is not None:
        charts.append(_latency_chart(timing, verdict))
    return (
        '<section class="cost" aria-label="Cost"><h2>What it costs <small>measured here and now'
        f"</small></h2>{''.join(charts)}{definitions(_circumstances(shown))}</section>"
    )


def _size_chart(pair: Pair) -> str:
    bars = [
        Bar(_NAMES[variant], pair.size(variant), megabytes(pair.size(variant)))
        for variant in Variant
    ]
    return bar_chart("Size on disk", bars, f"{_ratio(pair)} smaller")


def _latency_chart(timing: Timing, verdict: str) -> str:
    bars = [
        Bar(
            name,
            one.median_ms,
            f"{milliseconds(one.median_ms)} (p95 {milliseconds(one.p95_ms)})",
            one.p95_ms,
        )
        for name, one in (("Original", timing.original), ("INT8", timing.int8))
    ]
    caption = f"{verdict}, n = {timing.int8.n} each, in turns"
    return bar_chart("Latency of this text (median)", bars, caption)


def _circumstances(shown: Shown) -> list[tuple[str, str]]:
    """What the numbers depend on."""
    pair, machine = shown.pair, shown.machine
    versions = [f"{name} {version}" for name, version in machine.versions.items()]
    rows = [
        ("Executed in", "; ".join(_precision(pair, variant) for variant, _ in shown.sides)),
        ("Processor", f"{machine.cpu}, {machine.cores} usable cores"),
        ("Vector extensions", ", ".join(machine.vector_extensions) or "none known"),
        ("Device and threads", f"{pair.device}, {pair.threads or 'its own number of'} threads"),
        ("Versions", ", ".join([f"Python {machine.python}", *versions])),
    ]
    if shown.comparison.int8 is not None:
        rows.insert(1, ("INT8 against the original", _gate(pair.gate)))
    return rows


def _gate(gate: Gate) -> str:
    score = f"F1 {gate.f1:.3f} on {gate.entities} entities of the gate texts"
    if gate.established:
        return f"{score}, {gate.FLOOR} required"
    return f"{score}: not established, under {gate.ENOUGH} entities"


def _data(shown: Shown, agreement: Agreement | None) -> dict[str, Any]:
    """What the page's script works on. Entities and timing are as in :mod:`ner.schema`."""
    spec, comparison = shown.pair.spec, shown.comparison
    classes = colour_classes(shown.pair.labels)
    if agreement is None:
        tagged = schema.tagged_json(comparison.original.tagged)
        result = {"text": tagged["text"], "original": tagged["entities"], "int8": None}
    else:
        result = schema.comparison_json(agreement, comparison.timing)
    return {
        "text": result["text"],
        "original": result["original"],
        "int8": result["int8"],
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
            "strategy": shown.strategy.value,
        },
    }


def _pairs(comparison: Comparison, agreement: Agreement | None) -> dict[str, Any]:
    """Each pair as ``[index in original, index in int8, drift]``, and which pairs are fragile."""
    original = _margins(comparison.original)
    int8 = {} if comparison.int8 is None else _margins(comparison.int8)
    if agreement is None:
        rows = [(index, None, None) for index in range(len(original))]
        margins = [[margin] for margin in original.values()]
        return {"pairs": rows, "fragile": _fragile(margins)}
    order = ({one: at for at, one in enumerate(side)} for side in (original, int8))
    index_original, index_int8 = order
    pairs = [
        (
            None if pair.original is None else index_original[pair.original],
            None if pair.int8 is None else index_int8[pair.int8],
            None if pair.drift is None else round(pair.drift, 6),
        )
        for pair in agreement.pairs
    ]
    margins = [
        [side[one] for side, one in ((original, pair.original), (int8, pair.int8)) if one]
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
    """The word pieces by column: both variants read the same ones."""
    pieces = shown.comparison.original.pieces
    columns: dict[str, Any] = {
        "text": [piece.text for piece in pieces],
        "start": [piece.start for piece in pieces],
        "end": [piece.end for piece in pieces],
        "word": [piece.word for piece in pieces],
    }
    for variant, one in shown.sides:
        columns[variant.value] = {
            "tag": [piece.tag for piece in one.pieces],
            "score": [round(piece.score, 4) for piece in one.pieces],
            "margin": [round(piece.margin, 4) for piece in one.pieces],
        }
    return columns
