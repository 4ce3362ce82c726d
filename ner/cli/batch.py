"""``batch``: whole files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ner import schema
from ner.cli.options import (
    AggregationOption,
    DeviceOption,
    JsonOption,
    LabelsOption,
    ModelOption,
    RecipeOption,
    ThresholdOption,
)
from ner.cli.terminal import print_json, print_stage, stderr, stdout
from ner.comparing.origin import Origin
from ner.errors import Failure, InputError
from ner.files.read import Format
from ner.models.names import resolve
from ner.models.recipes import ORIGINAL, RECOMMENDED, Variant
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation

if TYPE_CHECKING:
    from ner.files.batch import Step
    from ner.files.read import Source

# Where standard error is no terminal, progress is told once in so many seconds.
_LOG_SECONDS = 10.0


def batch(
    file: Annotated[
        Path, typer.Argument(help="A CSV, TSV, JSONL, TXT or CoNLL file; its ending tells which.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The file to write: .jsonl, .csv, .conll, .txt or .html.")
    ],
    column: Annotated[
        str | None, typer.Option("--column", help="The column or key with the texts.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What FILE is, whatever its ending.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Such as cp1252; default: UTF-8 or by mark.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="Columns that go along into .csv and .jsonl: id,title."),
    ] = None,
    both: Annotated[
        bool, typer.Option("--both", help="The original too, as side A, and what differs.")
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
    as_json: JsonOption = False,
) -> None:
    """Tag a file of any length. The same command again resumes a run that was stopped.

    .jsonl has each text with its entities, .csv a row for each entity, .conll a tag for each
    token, .txt the texts with [PER] in the place of a person, .html a report with counts. Rows
    that can't be read are put apart in OUT.errors.jsonl with their lines. In CSV a cell that a
    spreadsheet could take for a formula (= + - @ tab, line end, NUL) gets an apostrophe before it.
    """
    from ner.files.batch import check_place
    from ner.files.read import inspect
    from ner.files.write import Layout, output_for

    output_for(out, Layout(tuple(keep or ()), both=both, redact=redact))
    source = inspect(file, format=format, encoding=encoding)
    source = source.choose(column, _columns(keep or (), source))
    check_place(source, out)
    _print_source(source)
    variants = _variants(resolve(model, default=f"bundled#{recipe}"), both=both)
    choice = Choice.parse(aggregation, threshold, labels)
    step, origins = _tag(source, out, variants, device, choice, redact=redact)
    if as_json:
        print_json({**_step_json(step), "provenance": schema.provenance_json(origins, choice)})
    else:
        _print_batch(step, out)


def _columns(given: Sequence[str], source: Source) -> list[str]:
    """The columns that are kept: names, or several of them with commas between."""
    known = (name if name in source.columns else name.split(",") for name in given)
    return [each for name in known for each in ([name] if isinstance(name, str) else name)]


def _variants(variant: Variant, *, both: bool) -> list[Variant]:
    """The sides of a run: one, or the original of the same model before it."""
    if not both:
        return [variant]
    if variant.recipe.name == ORIGINAL:
        raise InputError("--both sets a recipe beside the original. Choose another --recipe.")
    return [variant.base, variant]


def _tag(
    source: Source,
    out: Path,
    variants: Sequence[Variant],
    device: str,
    choice: Choice,
    *,
    redact: bool,
) -> tuple[Step, list[Origin]]:
    """The last step of the run, and whose entities these are."""
    from ner.files.batch import run, run_settings
    from ner.models.open import open_sides

    sides = open_sides(variants[0], variants[-1], device=device, report=print_stage).both
    asked = sides[: len(variants)]
    taggers = [side.tagger.using(choice) for side in asked]
    steps = run(
        source,
        taggers[0],
        out,
        settings=run_settings(variants, device, choice),
        beside=taggers[1] if len(taggers) > 1 else None,
        redact=redact,
    )
    return _followed(steps), [side.origin for side in asked]


def _step_json(step: Step) -> dict[str, object]:
    return {
        "rows": step.rows,
        "tagged": step.tagged,
        "failed": step.failed,
        "entities": step.entities,
        "warnings": list(step.warnings),
        "seconds": round(step.seconds, 3),
    }


def _print_source(source: Source) -> None:
    column = "" if source.column is None else f", column {source.column!r}"
    guessed = " (a guess; --column chooses another)" if source.guessed and column else ""
    notes = [f"{source.path.name}: {source.format}, {source.encoding_name}{column}{guessed}"]
    # A key that was chosen may first occur late in the file, or be misspelled.
    if source.format is Format.JSONL and source.column not in source.columns:
        notes.append(
            f"None of its first objects has a text under {source.column!r}; rows without one are "
            "put apart as failed."
        )
    for note in notes:
        stderr().print(note, markup=False, highlight=False, soft_wrap=True)


def _followed(steps: Iterator[Step]) -> Step:
    """The last step; on the way each is shown on a terminal, and one now and then in a log."""
    console = stderr()
    shown = -_LOG_SECONDS
    step = None
    with console.status("") as status:
        try:
            for step in steps:
                if console.is_terminal:
                    status.update(_progress(step))
                elif step.rows and step.seconds >= shown + _LOG_SECONDS:
                    shown = step.seconds
                    console.print(_progress(step), markup=False, highlight=False)
        except Failure as error:
            if step is None or not step.rows:
                raise
            raise Failure(
                f"{error} {step.rows:,} rows are done and kept; the same command goes on there."
            ) from error
    assert step is not None  # noqa: S101 - a run yields a step before it does anything
    return step


def _progress(step: Step) -> str:
    left = step.seconds_left
    parts = [f"{step.rows:,} rows", f"{step.fraction:.0%}", f"{step.rate:,.0f} rows/s"]
    return " · ".join(parts if left is None else [*parts, f"{_spoken(left)} left"])


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _print_batch(step: Step, out: Path) -> None:
    from ner.files.resume import errors_file
    from ner.files.write import CSV_RULE

    again = f", {step.resumed:,} of them in an earlier run" if step.resumed else ""
    notes = [f"Tagged {step.tagged:,} of {step.rows:,} rows{again}, in {step.seconds:.1f} s: {out}"]
    if step.failed:
        notes.append(f"Rows that could not be tagged: {step.failed:,}, in {errors_file(out)}")
    if out.suffix.lower() == ".csv":
        notes.append(CSV_RULE)
    notes += step.warnings
    for note in notes:
        stdout().print(note, markup=False, highlight=False, soft_wrap=True)
