"""``tag``: texts from the command line or standard input."""

from __future__ import annotations

from typing import Annotated

import typer

from ner import schema
from ner.cli.options import (
    AggregationOption,
    DeviceOption,
    JsonOption,
    LabelsOption,
    ModelOption,
    ReadingOption,
    RecipeOption,
    ThresholdOption,
)
from ner.cli.terminal import (
    chunks,
    print_json,
    print_line,
    print_note,
    print_stage,
    stdin_lines,
)
from ner.models.checkpoint import unnamed
from ner.models.names import resolve
from ner.models.open import open_side
from ner.models.recipes import RECOMMENDED
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

# Lines tagged together when they come from standard input.
_LINES_AT_ONCE = 256


def tag(
    text: Annotated[
        str | None, typer.Argument(help="The text; - or nothing reads lines from standard input.")
    ] = None,
    model: ModelOption = "bundled",
    recipe: RecipeOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    aggregation: AggregationOption = Aggregation.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    reading: ReadingOption = "segments",
    as_json: JsonOption = False,
) -> None:
    """Tag a text, or each line of standard input."""
    choice = Choice.parse(aggregation, threshold, labels, reading)
    variant = resolve(model, default=f"bundled#{recipe}")
    side = open_side(variant, device=device, report=print_stage).served
    tagger = side.tagger.using(choice)
    provenance = schema.provenance_json([side.origin], choice)
    if note := unnamed(tagger.labels):
        print_note(note)
    for texts in [[text]] if text not in (None, "-") else chunks(stdin_lines(), _LINES_AT_ONCE):
        for tagged in tagger.tag_many(texts):
            if as_json:
                print_json({**schema.tagged_json(tagged), "provenance": provenance})
                continue
            print_line(tagged.text)
            for entity in tagged.entities:
                place = f"{entity.start}–{entity.end}"
                spelled = tagged.spelled(entity)
                print_line(f"  {entity.label:<6} {entity.score:.2f}  {place}  {spelled}")
