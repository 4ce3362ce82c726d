"""``prepare``: the variants of a model, each in a prepared folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from ner import schema
from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_line, print_note, print_stage
from ner.errors import InputError, NerError
from ner.models.calibration import keep_texts, own_texts
from ner.models.catalogue import ModelSpec
from ner.models.checkpoint import unnamed
from ner.models.child import OnStage
from ner.models.folder import Prepared, find_sound, keep_labels, own_folder, texts_for
from ner.models.names import find_model
from ner.models.recipes import ORIGINAL, RECIPES, RECOMMENDED, Variant, find_recipe
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
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Make variants of a model: export, shrink, check. Instant when they are there.

    Your own texts and names of labels are kept for this model, and used from then on.
    """
    if progress_lines:
        _prepare_for_parent(model, recipe)
        return
    spec = find_model(model)
    if calibration or gate or min_agreement is not None:
        own = own_texts(texts_for(spec), calibration, gate, min_agreement)
        keep_texts(own, own_folder(spec))
    if names is not None:
        keep_labels(spec, parse_map(names))
    with _libraries_to_stderr():
        # The original last: it is made on the way, and instant then.
        made = [_make(variant, print_stage) for variant in reversed(_variants(spec, recipe))][::-1]
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


def _variants(spec: ModelSpec, recipes: str) -> list[Variant]:
    """The original and the recipes that were named, each once."""
    names = [ORIGINAL, *(name.strip() for name in recipes.split(","))]
    return [Variant(spec, find_recipe(name)) for name in dict.fromkeys(filter(None, names))]


def _make(variant: Variant, report: OnStage) -> Prepared:
    found = find_sound(variant)
    if found is not None:
        return found
    # Takes seconds to import, so only when there is something to make.
    from ner.preparing.prepare import prepare as make

    return make(variant, report)


def _prepare_for_parent(model: str, recipe: str) -> None:
    """Report to the process that started this one: one JSON object a line."""
    with _libraries_to_stderr() as out:

        def tell(message: dict[str, Any]) -> None:
            out.write(json.dumps(message) + "\n")
            out.flush()

        try:
            variant = Variant(find_model(model), find_recipe(recipe))
            _make(
                variant,
                lambda at: tell({"stage": at.name, "number": at.number, "stages": at.stages}),
            )
        except NerError as error:
            kind = "refused" if isinstance(error, InputError) else "failed"
            tell({"error": str(error), "kind": kind})


@contextmanager
def _libraries_to_stderr() -> Iterator[TextIO]:
    """Send what converting libraries print to standard error; yields the real standard output."""
    sys.stdout.flush()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as real:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            yield real
        finally:
            sys.stdout.flush()
            os.dup2(real.fileno(), sys.stdout.fileno())
