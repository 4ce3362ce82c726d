"""``prepare``: the variants of a model, each in a prepared folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner import schema
from ner.choosing.contenders import find_recipes
from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_line, print_note, print_stage
from ner.io import read_json
from ner.models.calibration import own_texts
from ner.models.checkpoint import CONFIG, unnamed
from ner.models.child import ensure_prepared
from ner.models.folder import keep_labels, keep_texts, texts_for
from ner.models.names import find_model
from ner.models.recipes import RECIPES, RECOMMENDED, Variant
from ner.tags import parse_map


def prepare(
    model: ModelOption = "bundled",
    recipe: Annotated[
        str,
        typer.Option(help=f"One or several of {', '.join(recipe.name for recipe in RECIPES)}."),
    ] = RECOMMENDED,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Your own texts to calibrate on, one a line."),
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option(help="Your own texts to check on against the original."),
    ] = None,
    min_agreement: Annotated[
        float | None,
        typer.Option(help="The least F1 against the original to be served."),
    ] = None,
    names: Annotated[
        str | None,
        typer.Option("--map", help="Other names for the model's labels: LABEL_0=O,LABEL_1=PER."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make variants of a model: export, shrink, check. Instant when they are there.

    Your own texts and names of labels are kept for this model, and used from then on.
    """
    spec = find_model(model)
    if calibration or gate or min_agreement is not None:
        keep_texts(spec, own_texts(texts_for(spec), calibration, gate, min_agreement))
    if names is not None:
        keep_labels(spec, parse_map(names))
    # The original last: it is made on the way, and instant then.
    variants = [Variant(spec, one) for one in reversed(find_recipes(recipe))]
    made = [ensure_prepared(variant, report=print_stage) for variant in variants][::-1]
    if as_json:
        print_json(schema.prepared_json(made))
        return
    for prepared in made:
        manifest = prepared.manifest
        checked = "" if manifest.gate is None else f", check when made: {manifest.gate.summary}"
        print_line(f"{manifest.recipe}: {prepared.size / 1e6:.1f} MB{checked}")
        print_line(f"  {prepared.folder}")
    if note := unnamed(made[0].manifest.labels):
        print_note(note)
    if "reading" not in read_json(made[0].folder / CONFIG):
        print_note(
            f"Texts of over {made[0].manifest.reading.length} word pieces are read in segments of "
            "whole sentences. To read them as the model's own pipeline does: --reading whole."
        )
