"""``compare``: one text by both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ner import schema
from ner.cli.options import (
    AggregationOption,
    DeviceOption,
    JsonOption,
    LabelsOption,
    LeftOption,
    ModelOption,
    ReadingOption,
    RightOption,
    ThresholdOption,
)
from ner.cli.terminal import (
    print_json,
    print_notes,
    print_stage,
    stdout,
    visible,
)
from ner.comparing.agreement import Kind
from ner.models.names import resolve
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.stats import ratio_verdict
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ner.comparing.agreement import Agreement
    from ner.comparing.comparison import Comparison
    from ner.comparing.origin import Origin


def compare(
    text: Annotated[str, typer.Argument(help="The text that both sides tag.")],
    model: ModelOption = "bundled",
    left: LeftOption = ORIGINAL,
    right: RightOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    aggregation: AggregationOption = Aggregation.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    reading: ReadingOption = "segments",
    budget_ms: Annotated[
        float,
        typer.Option("--budget-ms", min=0.0, help="Time to spend on timing; 0 times nothing."),
    ] = 1000.0,
    as_json: JsonOption = False,
) -> None:
    """Tag a text with both sides, aligned, and time them in turns."""
    from ner.models.open import open_sides

    choice = Choice.parse(aggregation, threshold, labels, reading)
    pair = [resolve(side, default=f"{model}#{RECOMMENDED}") for side in (left, right)]
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    origins = [side.origin for side in sides.both]
    comparison = sides.compare(text, choice, budget_ms=budget_ms)
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - both are there
    print_notes(sides)
    if as_json:
        provenance = schema.provenance_json(origins, choice)
        print_json(schema.agreement_json(agreement, origins, comparison.timing, provenance))
    else:
        _print_comparison(comparison, origins, agreement)


def _print_comparison(
    comparison: Comparison, origins: Sequence[Origin], agreement: Agreement
) -> None:
    left, right = (origin.title for origin in origins)
    table = Table(left, right, "drift", "", box=None)
    for pair in agreement.pairs:
        sides = [
            ""
            if side is None
            else f"{side.label} {side.score:.2f} {visible(agreement.text[side.start : side.end])}"
            for side in (pair.left, pair.right)
        ]
        drift = "" if pair.drift is None else f"{pair.drift:+.3f}"
        table.add_row(*sides, drift, _kind(pair.kind, left, right))
    stdout().print(table, markup=False)
    same = len(agreement.pairs) - len(agreement.differences)
    stdout().print(f"{same} of {len(agreement.pairs)} entities identical")
    if (timing := comparison.timing) is not None:
        verdict = ratio_verdict(timing.ratio)
        stdout().print(
            f"{left} {timing.left.median_ms:.2f} ms, {right} {timing.right.median_ms:.2f} ms, "
            f"{timing.right.n} runs: {verdict}",
            markup=False,
        )


def _kind(kind: Kind, left: str, right: str) -> str:
    """How a pair differs, in words; nothing where it is the same."""
    words = {Kind.SAME: "", Kind.ONLY_LEFT: f"only {left}", Kind.ONLY_RIGHT: f"only {right}"}
    return words.get(kind, kind.value)
