"""``batch``: whole files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
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
from ner.cli.terminal import print_json, print_line, print_note, print_stage
from ner.errors import Failure, InputError
from ner.files.batch import Step, check_place, errors_file, run
from ner.files.read import Format, inspect
from ner.files.write import CSV_RULE, Layout, output_for
from ner.models.names import resolve
from ner.models.open import open_sides
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

# Progress is told once in so many seconds.
_SECONDS = 5.0


def batch(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV, TSV, JSON, TXT, CoNLL, Parquet or Excel file, also .gz; by its ending."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The file to write: .jsonl, .csv, .conll, .txt, .html, .parquet or .xlsx."
        ),
    ],
    column: Annotated[str | None, typer.Option(help="The column or key with the texts.")] = None,
    format: Annotated[
        Format | None, typer.Option(help="Format of FILE, if its ending is misleading.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Such as cp1252; default: UTF-8 or by mark.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Columns to copy to the output: id,title."),
    ] = None,
    both: Annotated[
        bool, typer.Option("--both", help="Also tag with the original and write the differences.")
    ] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="Rows with [PER] for a person, in .csv and .jsonl.")
    ] = False,
    model: ModelOption = "bundled",
    recipe: RecipeOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    aggregation: AggregationOption = Aggregation.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    reading: ReadingOption = "segments",
    as_json: JsonOption = False,
) -> None:
    """Tag a file of any length. The same command again resumes a run that was stopped.

    .jsonl has each text with its entities, .csv, .parquet and .xlsx a row for each entity, .conll a
    tag for each token, .txt the texts with [PER] in the place of a person, .html a report with
    counts. Rows that can't be read are put apart in OUT.errors.jsonl with their lines. In CSV and
    Excel a cell that a spreadsheet could take for a formula (= + - @ tab, line end, NUL) gets an
    apostrophe before it. Exit code 1 where no row could be tagged.
    """
    output_for(out, Layout(tuple(keep or ()), both=both, redact=redact))
    source = inspect(file, format=format, encoding=encoding)
    # Names, or several of them with commas between.
    kept = ([name] if name in source.columns else name.split(",") for name in keep or ())
    source = source.choose(column, list(chain(*kept)))
    check_place(source, out)
    told = "" if source.column is None else f", column {source.column!r}"
    guessed = " (a guess; --column chooses another)" if told and column is None else ""
    print_note(f"{file.name}: {source.format}, {source.encoding.upper()}{told}{guessed}")
    variant = resolve(model, default=f"bundled#{recipe}")
    if both and variant.recipe.name == ORIGINAL:
        raise InputError("--both sets a recipe beside the original. Choose another --recipe.")
    variants = [variant.base, variant] if both else [variant]
    choice = Choice.parse(aggregation, threshold, labels, reading)
    sides = open_sides(variants[0], variants[-1], device=device, report=print_stage)
    asked = sides.both[: len(variants)]
    taggers = [side.tagger.using(choice) for side in asked]
    provenance = schema.provenance_json([side.origin for side in asked], choice)
    step = _followed(run(source, taggers, out, provenance=provenance, redact=redact))
    if as_json:
        answer = {name: getattr(step, name) for name in ("rows", "tagged", "failed", "entities")}
        answer |= {"warnings": list(step.warnings), "seconds": round(step.seconds, 3)}
        print_json(answer | {"provenance": provenance})
    else:
        _print_batch(step, out)
    if step.rows and not step.tagged:
        raise typer.Exit(1)


def _followed(steps: Iterator[Step]) -> Step:
    """The last step; on the way one is told now and then."""
    told = -_SECONDS
    step = None
    try:
        for step in steps:
            if step.rows and step.seconds >= told + _SECONDS:
                told = step.seconds
                print_note(step.progress)
    except Failure as error:
        if step is None or not step.rows:
            raise
        raise Failure(
            f"{error} {step.rows:,} rows are done and kept; the same command goes on there."
        ) from error
    assert step is not None  # noqa: S101 - a run yields a step before it does anything
    return step


def _print_batch(step: Step, out: Path) -> None:
    print_line(f"{step.outcome}: {out}")
    if step.failed:
        print_line(f"Rows that could not be tagged: {step.failed:,}, in {errors_file(out)}")
    if out.suffix.lower() == ".csv":
        print_line(CSV_RULE)
    for warning in step.warnings:
        print_line(warning)
