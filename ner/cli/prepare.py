"""``prepare``: the prepared folder of a model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TextIO

import typer

from ner import schema
from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_stage, stdout
from ner.errors import InputError, NerError
from ner.models.catalogue import find
from ner.models.child import OnStage, Stage
from ner.models.prepared import Prepared, find_sound
from ner.models.recipes import Variant, recipe_of


def prepare(
    model: ModelOption = "bundled",
    as_json: JsonOption = False,
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Make the prepared folder of a model: export, quantize, check. Instant when it is there."""
    if progress_lines:
        _prepare_for_parent(model)
        return
    with _libraries_to_stderr():
        prepared = _prepare(model, print_stage)
    if as_json:
        print_json(schema.prepared_json(prepared))
        return
    stdout().print(f"Prepared in {prepared.folder}", highlight=False, soft_wrap=True)
    for variant in Variant:
        stdout().print(f"  {variant}: {prepared.size(variant) / 1e6:.1f} MB", highlight=False)
    stdout().print(f"  check when made: {prepared.manifest.gate.summary}", highlight=False)


def _prepare(model: str, report: OnStage) -> Prepared:
    spec = find(model)
    found = find_sound(recipe_of(spec), spec.name, *Variant)
    if found is not None:
        return found
    # Takes seconds to import, so only when there is something to make.
    from ner.preparing import prepare as preparing

    return preparing.prepare(spec, report)


def _prepare_for_parent(model: str) -> None:
    """Report to the process that started this one: one JSON object a line."""
    with _libraries_to_stderr() as out:

        def tell(message: dict[str, Any]) -> None:
            out.write(json.dumps(message) + "\n")
            out.flush()

        try:
            _prepare(model, lambda stage: tell(_stage_json(stage)))
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


def _stage_json(stage: Stage) -> dict[str, Any]:
    return {"stage": stage.name, "number": stage.number, "stages": stage.stages}
