"""``compare``: one text by both sides."""

from __future__ import annotations

from typing import Annotated

import typer

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
from ner.cli.terminal import print_json, print_line, print_note, print_stage, print_table
from ner.comparing.agreement import Kind, Pair
from ner.models.names import resolve
from ner.models.open import open_sides
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.stats import speed_in_words
from ner.tables import Table
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation


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
        typer.Option(min=0.0, help="Time to spend on timing; 0 times nothing."),
    ] = 1000.0,
    as_json: JsonOption = False,
) -> None:
    """Tag a text with both sides, aligned, and time them in turns."""
    choice = Choice.parse(aggregation, threshold, labels, reading)
    pair = [resolve(side, default=f"{model}#{RECOMMENDED}") for side in (left, right)]
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    origins = [side.origin for side in sides.both]
    comparison = sides.compare(text, choice, budget_ms=budget_ms)
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - both are there
    for note in sides.notes:
        print_note(note)
    if as_json:
        answer = schema.agreement_json(agreement, origins, comparison.timing)
        print_json({**answer, "provenance": schema.provenance_json(origins, choice)})
        return
    left, right = (origin.title for origin in origins)
    rows = [_pair_row(pair, text, left, right) for pair in agreement.pairs]
    print_table(Table.of("", (left, right, "drift", ""), rows))
    same = len(agreement.pairs) - len(agreement.differences)
    print_line(f"{same} of {len(agreement.pairs)} entities identical")
    if (timing := comparison.timing) is not None:
        print_line(
            f"{left} {timing.left.median_ms:.2f} ms, {right} {timing.right.median_ms:.2f} ms, "
            f"{timing.right.n} runs: {speed_in_words(timing.ratio)} ({timing.ratio.range(1, 2)})"
        )


def _pair_row(pair: Pair, text: str, left: str, right: str) -> tuple[str, ...]:
    """What each side found, how the scores drift, and how the two differ."""
    sides = (
        f"{side.label} {side.score:.2f} {text[side.start : side.end]}" if side else ""
        for side in (pair.left, pair.right)
    )
    words = {Kind.SAME: "", Kind.ONLY_LEFT: f"only {left}", Kind.ONLY_RIGHT: f"only {right}"}
    drift = "" if pair.drift is None else f"{pair.drift:+.3f}"
    return *sides, drift, words.get(pair.kind, pair.kind.value)
