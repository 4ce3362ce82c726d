"""How far both variants agree on lines without gold: shares with intervals, and each difference."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ner import schema
from ner.comparing.agreement import Agreement, Kind, Pair, agreement_counts, agreement_f1, align
from ner.comparing.origin import Origin
from ner.counts import Counts
from ner.entities import Entity, Explained
from ner.evaluating import verdict
from ner.evaluating.report import KEYS
from ner.render import colour_classes, escape
from ner.stats import Interval
from ner.ui.result import FRAGILE_MARGIN, Value
from ner.ui.tables import (
    between,
    downloads,
    head,
    number,
    percent,
    row,
    section,
    table,
    verdict_line,
)

_KINDS = {
    Kind.BOUNDARY: "boundary differs",
    Kind.LABEL: "label differs",
    Kind.ONLY_LEFT: "only the original",
    Kind.ONLY_RIGHT: "only INT8",
    Kind.SAME: "same",
}


@dataclass(frozen=True)
class Lines:
    """What both variants found in each line, in order."""

    origins: tuple[Origin, Origin]
    left: tuple[Explained, ...]
    right: tuple[Explained, ...]

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """Both results of each line, aligned."""
        return tuple(
            align(left.tagged, right.tagged)
            for left, right in zip(self.left, self.right, strict=True)
        )


def agreement_value(lines: Lines) -> Value:
    """The result component's value."""
    agreements = lines.agreements
    differing = sum(len(one.differences) for one in agreements)
    pairs = sum(len(one.pairs) for one in agreements)
    parts = [
        verdict_line(verdict.without_gold(agreements)),
        downloads(["agreement.json"]),
        section("Agreement", _AGREEMENT, _table(agreements)),
        section(
            f"Entities: {differing:,} of {pairs:,} differ",
            _ENTITIES,
            _filters(agreements) + _ENTITY_TABLE,
        ),
    ]
    data = {
        "kind": "lines",
        "files": {"agreement.json": _json(lines, agreements)},
        "sentences": [one.text for one in agreements],
        "classes": colour_classes(_labels(agreements)),
        "rows": _rows(lines, agreements),
        "titles": {key: origin.title for key, origin in zip(KEYS, lines.origins, strict=True)},
    }
    return {"html": "".join(parts), "data": json.dumps(data, allow_nan=False)}


_AGREEMENT = (
    "In per cent, with 95 % intervals over lines. Identical: the share of aligned entities with "
    "the same span and label on both sides. F1: INT8's entities scored against the original's."
)
_ENTITIES = (
    "Drift is INT8's score minus the original's. Fragile: another type comes within "
    f"{FRAGILE_MARGIN} of the entity's own on either side, so that little would flip it. Fragile "
    "ones stand first, then those that drift most."
)


def _labels(agreements: Sequence[Agreement]) -> list[str]:
    return sorted(
        {
            side.label
            for one in agreements
            for pair in one.pairs
            for side in (pair.left, pair.right)
            if side is not None
        }
    )


def _table(agreements: Sequence[Agreement]) -> str:
    heads = head(["Label", "Identical", "F1", "Entities original", "Entities INT8"])
    rows = [_agreement_row("all labels", None, agreements)]
    rows += [_agreement_row(label, label, agreements) for label in _labels(agreements)]
    return table("Agreement", [heads], rows)


def _agreement_row(name: str, label: str | None, agreements: Sequence[Agreement]) -> str:
    kept = [_only(one, label) for one in agreements]
    pairs = [pair for one in kept for pair in one.pairs]
    same = sum(pair.kind is Kind.SAME for pair in pairs)
    counts = sum(
        (
            count
            for one in agreements
            for key, count in agreement_counts(one).items()
            if label in (None, key)
        ),
        Counts(),
    )
    identical = _share(same / len(pairs) if pairs else 1.0, verdict.identical_interval(kept))
    f1 = _share(counts.f1 if pairs else 1.0, verdict.agreement_interval(agreements, label))
    sizes = [f'<td class="number">{size:,}</td>' for size in (counts.support, counts.found)]
    return row(escape(name), [identical, f1, *sizes])


def _only(agreement: Agreement, label: str | None) -> Agreement:
    """The pairs in which either side has the label; all of them for None."""
    if label is None:
        return agreement
    pairs = tuple(
        pair
        for pair in agreement.pairs
        if label in {side.label for side in (pair.left, pair.right) if side is not None}
    )
    return Agreement(agreement.text, pairs)


def _share(share: float, interval: Interval) -> str:
    return number(percent(share), None, "", between(interval))


def _filters(agreements: Sequence[Agreement]) -> str:
    kinds = "".join(
        f'<option value="{kind.value}">{name}</option>' for kind, name in _KINDS.items()
    )
    labels = "".join(
        f'<option value="{escape(label)}">{escape(label)}</option>' for label in _labels(agreements)
    )
    return (
        '<p class="filters"><label>Kind <select data-filter="kind">'
        f'<option value="different">all differences</option><option value="">all entities</option>'
        f'{kinds}</select></label> <label>Label <select data-filter="label">'
        f'<option value="">all labels</option>{labels}</select></label> '
        '<span role="status" data-part="count"></span></p>'
    )


_ENTITY_TABLE = table(
    "Entities",
    [head(["Line", "Original", "INT8", "Score original", "Score INT8", "Drift", "Status"])],
    [],
).replace("<tbody>", '<tbody data-part="line-rows">', 1)


def _rows(lines: Lines, agreements: Sequence[Agreement]) -> list[list[Any]]:
    """``[line, kind, left, right, drift, fragile]``, the fragile ones and large drifts first."""
    rows = []
    for index, (agreement, left, right) in enumerate(
        zip(agreements, lines.left, lines.right, strict=True)
    ):
        rows += [_row(index, pair, left, right) for pair in agreement.pairs]
    # One side without a counterpart is as far as two can drift apart.
    return sorted(rows, key=lambda one: (not one[5], -abs(1.0 if one[4] is None else one[4])))


def _row(index: int, pair: Pair, left: Explained, right: Explained) -> list[Any]:
    margins = [
        explained.margin(entity)
        for explained, entity in ((left, pair.left), (right, pair.right))
        if entity is not None
    ]
    drift = None if pair.drift is None else round(pair.drift, 6)
    fragile = min(margins) < FRAGILE_MARGIN
    return [index, pair.kind.value, _entity(pair.left), _entity(pair.right), drift, fragile]


def _entity(entity: Entity | None) -> list[Any] | None:
    if entity is None:
        return None
    return [entity.start, entity.end, entity.label, round(entity.score, 6)]


def _json(lines: Lines, agreements: Sequence[Agreement]) -> str:
    """Both shares with their intervals, and for each line what ``compare`` answers."""
    f1, identical = verdict.agreement_interval(agreements), verdict.identical_interval(agreements)
    pairs = sum(len(one.pairs) for one in agreements)
    same = pairs - sum(len(one.differences) for one in agreements)
    answer = {
        "agreement": _interval_json(agreement_f1(agreements), f1),
        "identical": _interval_json(same / pairs if pairs else 1.0, identical),
        "entities": pairs,
        "lines": [
            schema.agreement_json(agreement, lines.origins, None) for agreement in agreements
        ],
    }
    return json.dumps(answer, ensure_ascii=False, allow_nan=False)


def _interval_json(share: float, interval: Interval) -> dict[str, float]:
    return {
        "share": round(share, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
    }
