"""``batch``: whole files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ner.cli.options import (
    DeviceOption,
    JsonOption,
    LabelsOption,
    ModelOption,
    RecipeOption,
    StrategyOption,
    ThresholdOption,
)
from ner.cli.terminal import print_json, print_stage, stderr, stdout
from ner.errors import Failure, InputError
from ner.files.read import Format
from ner.models.prepared import find_local
from ner.models.recipes import RECOMMENDED
from ner.models.variants import Variant
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy

if TYPE_CHECKING:
    from ner.files.batch import ManyTagger, Step
    from ner.files.read import Source

# Where standard error is no terminal, progress is told once in so many seconds.
_LOG_SECONDS = 10.0
# Enough to keep a cluster busy between two chunks.
_SPARK_ROWS = 20_000


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
    model: ModelOption = "bundled",
    recipe: RecipeOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    spark: Annotated[
        str | None,
        typer.Option("--spark", help="A Spark master to tag on: local[4], spark://host:7077."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tag a file of any length. The same command again resumes a run that was stopped.

    .jsonl has each text with its entities, .csv a row for each entity, .conll a tag for each
    token, .txt the texts with [PER] in the place of a person, .html a report with counts. Rows
    that can't be read are put apart in OUT.errors.jsonl with their lines. In CSV a cell that a
    spreadsheet could take for a formula (= + - @ tab, line end, NUL) gets an apostrophe before it.
    """
    from ner.files.batch import CHUNK_ROWS, check_place, run, run_settings
    from ner.files.read import inspect
    from ner.files.write import output_for

    output_for(out)
    source = inspect(file, format=format, encoding=encoding).choose(column)
    check_place(source, out)
    _print_source(source)
    if spark is not None and device != "CPU":
        raise InputError(f"On Spark texts are tagged on CPU, not on {device}.")
    variant = find_local(model, recipe=recipe)
    choice = Choice.parse(strategy, threshold, labels)
    here = _here(variant, device, choice)
    with _on_cluster(spark, variant, choice) if spark else here as tagger:
        settings = run_settings(variant, device, choice)
        rows = _SPARK_ROWS if spark else CHUNK_ROWS
        step = _followed(run(source, tagger, out, settings=settings, chunk_rows=rows))
    if as_json:
        print_json(
            {
                "rows": step.rows,
                "tagged": step.tagged,
                "failed": step.failed,
                "seconds": round(step.seconds, 3),
            }
        )
    else:
        _print_batch(step, out)


@contextmanager
def _here(variant: Variant, device: str, choice: Choice) -> Iterator[ManyTagger]:
    from ner.models.opened import open_tagger

    yield open_tagger(variant, device=device, report=print_stage).using(choice)


@contextmanager
def _on_cluster(master: str, variant: Variant, choice: Choice) -> Iterator[ManyTagger]:
    from ner.spark import connect

    with connect(master, choice, variant, report=print_stage) as tagger:
        yield tagger


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
    for note in notes:
        stdout().print(note, markup=False, highlight=False, soft_wrap=True)
