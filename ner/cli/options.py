"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.models.recipes import RECIPES
from ner.tagging.decode import Aggregation

ModelOption = Annotated[
    str,
    typer.Option(help="A name of the catalogue, hub:owner/name, or a checkpoint folder."),
]
RecipeOption = Annotated[
    str,
    typer.Option(
        "--recipe",
        "--variant",
        help=f"How it is stored and executed: {', '.join(recipe.name for recipe in RECIPES)}.",
    ),
]
LeftOption = Annotated[
    str,
    typer.Option(help="Side A: model#recipe, either half optional, or a prepared folder's path."),
]
RightOption = Annotated[str, typer.Option(help="Side B, written like side A.")]
DeviceOption = Annotated[str, typer.Option(help="An OpenVINO device, such as CPU.")]
AggregationOption = Annotated[
    Aggregation,
    # --strategy is its former name.
    typer.Option("--aggregation", "--strategy", help="How a word's pieces become one prediction."),
]
ThresholdOption = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Drop entities that score lower.")
]
LabelsOption = Annotated[
    str | None, typer.Option(help="Keep only these, separated by commas: PER,LOC.")
]
ReadingOption = Annotated[
    str,
    typer.Option(
        "--reading",
        help="How long texts are read: segments of whole sentences, whole (as much as the model "
        "can at once), or a number of word pieces.",
    ),
]
UpdateOption = Annotated[
    bool, typer.Option("--update", help="Replace the files of one that exists there.")
]
PrivateOption = Annotated[bool, typer.Option("--private", help="Make a new one there private.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
OutOption = Annotated[Path | None, typer.Option(help="Also write the JSON to a file.")]
