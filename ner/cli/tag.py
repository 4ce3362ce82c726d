"""``tag`` and ``compare``: texts from the command line or standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ner import schema
from ner.cli.options import (
    DeviceOption,
    JsonOption,
    LabelsOption,
    ModelOption,
    StrategyOption,
    ThresholdOption,
    VariantOption,
)
from ner.cli.terminal import (
    chunks,
    print_json,
    print_stage,
    split_labels,
    stdin_lines,
    stdout,
    visible,
)
from ner.models.catalogue import find
from ner.models.recipes import Variant
from ner.stats import ratio_verdict
from ner.tagging.decode import Strategy

if TYPE_CHECKING:
    from ner.comparing.comparison import Comparison
    from ner.entities import Tagged

# Lines tagged together when they come from standard input.
_LINES_AT_ONCE = 256


def tag(
    text: Annotated[
        str | None, typer.Argument(help="The text; - or nothing reads lines from standard input.")
    ] = None,
    model: ModelOption = "bundled",
    variant: VariantOption = Variant.INT8,
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tag a text, or each line of standard input."""
    from ner.models.opened import open_tagger

    tagger = open_tagger(find(model), variant, device=device, report=print_stage).using(
        strategy=strategy, threshold=threshold, labels=split_labels(labels)
    )
    for texts in [[text]] if text not in (None, "-") else chunks(stdin_lines(), _LINES_AT_ONCE):
        for tagged in tagger.tag_many(texts):
            if as_json:
                print_json(schema.tagged_json(tagged))
            else:
                _print_tagged(tagged)


def _print_tagged(tagged: Tagged) -> None:
    stdout().print(visible(tagged.text), markup=False, highlight=False, soft_wrap=True)
    for entity in tagged.entities:
        stdout().print(
            f"  {entity.label:<6} {entity.score:.2f}  {entity.start}–{entity.end}  "
            f"{visible(tagged.spelled(entity))}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def compare(
    text: Annotated[str, typer.Argument(help="The text that both variants tag.")],
    model: ModelOption = "bundled",
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    budget_ms: Annotated[
        float,
        typer.Option("--budget-ms", min=0.0, help="Time to spend on timing; 0 times nothing."),
    ] = 1000.0,
    as_json: JsonOption = False,
) -> None:
    """Tag a text with both variants, aligned, and time them in turns."""
    from ner.models.opened import open_pair

    pair = open_pair(find(model), device=device, report=print_stage)
    pair.tagger(Variant.INT8)
    comparison = pair.compare(
        text,
        strategy=strategy,
        threshold=threshold,
        labels=split_labels(labels),
        budget_ms=budget_ms,
    )
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - both are served, or the line above has raised
    if as_json:
        print_json(schema.comparison_json(agreement, comparison.timing))
    else:
        _print_comparison(comparison)


def _print_comparison(comparison: Comparison) -> None:
    agreement = comparison.agreement
    assert agreement is not None  # noqa: S101 - the caller has both
    table = Table("original", "INT8", "drift", "", box=None)
    for pair in agreement.pairs:
        sides = [
            ""
            if side is None
            else f"{side.label} {side.score:.2f} {visible(agreement.text[side.start : side.end])}"
            for side in (pair.original, pair.int8)
        ]
        drift = "" if pair.drift is None else f"{pair.drift:+.3f}"
        table.add_row(*sides, drift, "" if pair.kind == "same" else pair.kind.replace("_", " "))
    stdout().print(table, markup=False)
    same = len(agreement.pairs) - len(agreement.differences)
    stdout().print(f"{same} of {len(agreement.pairs)} entities identical")
    if (timing := comparison.timing) is not None:
        verdict = ratio_verdict(timing.ratio, timing.interval)
        stdout().print(
            f"original {timing.original.median_ms:.2f} ms, INT8 {timing.int8.median_ms:.2f} ms, "
            f"n = {timing.int8.n}: {verdict}",
            markup=False,
        )
