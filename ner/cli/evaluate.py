"""``evaluate``: both variants against gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ner.cli.options import (
    DeviceOption,
    JsonOption,
    LabelsOption,
    LeftOption,
    ModelOption,
    RightOption,
    StrategyOption,
    ThresholdOption,
)
from ner.cli.terminal import (
    check_folder,
    print_json,
    print_notes,
    print_stage,
    stderr,
    stdout,
    visible,
    write_json,
    write_text,
)
from ner.comparing.agreement import agreement_f1
from ner.entities import Annotated as Gold
from ner.errors import InputError
from ner.evaluating.acceptance import (
    Acceptance,
    Limits,
    accept,
    acceptance_json,
    gravest,
    junit_xml,
)
from ner.evaluating.documents import as_documents
from ner.evaluating.evaluation import lowercase as lower_sentences
from ner.evaluating.markdown import acceptance_markdown, changes_sentence
from ner.evaluating.report import Json, Report, report_json, report_sides
from ner.evaluating.scores import conlleval
from ner.evaluating.scores import report as tag_report
from ner.evaluating.verdict import Answer
from ner.files.encoding import read_lines
from ner.files.gold import read_gold_documents, repair_sentences
from ner.machine import describe
from ner.models.opened import Sides, open_sides
from ner.models.prepared import find_local
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.schema import machine_json
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy

# What a build reads: only 0 goes on.
_EXIT_CODES = {Answer.YES: 0, Answer.NO: 1, Answer.OPEN: 3}
_GATE = {
    Answer.YES: "Accepted: all that was asked for is shown.",
    Answer.NO: "Not accepted.",
    Answer.OPEN: "Not settled, which is no yes.",
}


def evaluate(
    gold: Annotated[
        list[Path], typer.Argument(help="CoNLL files: token, tag; a blank line ends a sentence.")
    ],
    model: ModelOption = "bundled",
    left: LeftOption = ORIGINAL,
    right: RightOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    strategy: StrategyOption = Strategy.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="Lower-case the texts before tagging them.")
    ] = False,
    max_loss: Annotated[
        float | None,
        typer.Option("--max-loss", help="Gate: the most F1 points that B may lose, such as 1.0."),
    ] = None,
    max_label_loss: Annotated[
        float | None,
        typer.Option("--max-label-loss", help="Gate: the same for each type in gold."),
    ] = None,
    min_f1: Annotated[
        float | None,
        typer.Option("--min-f1", help="Gate: the least F1 that B must reach, such as 0.9."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Write how the gate was passed as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write a summary in Markdown, for a build.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON, with the machine, to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score both sides against gold, sentence by sentence and as whole documents.

    With --max-loss, --max-label-loss or --min-f1 it is a gate: exit code 0 for yes, 1 for no, and 3
    where it is not settled.
    """
    choice = Choice.parse(strategy, threshold, labels)
    limits = Limits(max_loss, max_label_loss, min_f1)
    check_folder(junit, markdown, out)
    if junit is not None and not limits.asked:
        raise InputError("--junit needs something to check: --max-loss, --max-label-loss, --min-f1")
    # All files are read before anything is tagged, so that a mistake in one costs no time.
    sets = {name: read_gold_documents(file) for name, file in _set_names(gold).items()}
    for file in gold:
        _print_repairs(file)
    pair = (find_local(side, model=model) for side in (left, right))
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    print_notes(sides)
    scored = []
    for name, documents in sets.items():
        texts = list(map(lower_sentences, documents)) if lowercase else documents
        scored.append(_score(name, sides, texts, choice, limits))
        if not as_json:
            _print_set(scored[-1])
    results = {found.acceptance.name: _set_json(found, limits) for found in scored}
    if out is not None:
        settings = {
            "model": model,
            "sides": [side.origin.name for side in sides.both],
            "labels": choice.labels,
            "lowercase": lowercase,
            "strategy": strategy,
        }
        write_json(
            out, {"settings": settings, "machine": machine_json(describe()), "sets": results}
        )
    if as_json:
        print_json({"sets": results} if len(results) > 1 else next(iter(results.values())))
    _end([found.acceptance for found in scored], limits, junit, markdown, as_json)


@dataclass(frozen=True)
class _Scored:
    """A set by sentence, with the limits checked on it, and as documents."""

    acceptance: Acceptance
    documents: Report


def _score(
    name: str,
    sides: Sides,
    documents: Sequence[Sequence[Gold]],
    choice: Choice,
    limits: Limits,
) -> _Scored:
    report, joined = (
        report_sides(sides, texts, choice, tolerance=limits.tolerance, name=name)
        for texts in (list(chain(*documents)), as_documents(documents))
    )
    return _Scored(accept(name, report, limits, choice.labels), joined)


def _set_json(scored: _Scored, limits: Limits) -> Json:
    report = scored.acceptance.report
    answer = {**report_json(report), "documents": report_json(scored.documents)}
    return answer | ({"acceptance": acceptance_json(scored.acceptance)} if limits.asked else {})


def _end(
    acceptances: Sequence[Acceptance],
    limits: Limits,
    junit_file: Path | None,
    markdown_file: Path | None,
    as_json: bool,
) -> None:
    """Write what was asked for; where there are limits, say how they fared and exit by that."""
    if junit_file is not None:
        write_text(junit_file, junit_xml(acceptances))
    if markdown_file is not None:
        write_text(markdown_file, acceptance_markdown(acceptances))
    if not limits.asked:
        return
    answer = gravest(acceptance.answer for acceptance in acceptances)
    if not as_json:
        for acceptance in acceptances:
            for check in acceptance.checks:
                _print_line(f"{acceptance.name} · {check.name}: {check.verdict.sentence}")
        _print_line(_GATE[answer])
    raise typer.Exit(_EXIT_CODES[answer])


def _print_repairs(file: Path) -> None:
    """Say how the tags of a CoNLL file were read, where they are not plain BIO2."""
    for sentence in repair_sentences(read_lines(file), file):
        stderr().print(f"{file.name}: {sentence}", markup=False, highlight=False, soft_wrap=True)


def _set_names(files: list[Path]) -> dict[str, Path]:
    """Names for gold files: the folder and the file's stem, such as conll2003/test."""
    return {f"{file.resolve().parent.name}/{file.stem}": file for file in files}


def _print_set(scored: _Scored) -> None:
    """Each side's conlleval report, per-tag table and F1 as documents; agreement and verdict."""
    name, report, documents = scored.acceptance.name, scored.acceptance.report, scored.documents
    for side, joined in zip(report.sides, documents.sides, strict=True):
        stdout().print(f"{name} · {side.origin.title}", style="bold", markup=False)
        stdout().print(conlleval(side.total), markup=False, highlight=False, end="")
        table = Table("tag", "precision", "recall", "F1", "support", box=None)
        for row, figures in tag_report(side.total.tags).items():
            values = (figures.precision, figures.recall, figures.f1)
            table.add_row(row, *(f"{value:.4f}" for value in values), f"{figures.support}")
        stdout().print(table)
        stdout().print(
            f"as {len(documents.evaluation.gold):,} documents: F1 {joined.total.micro.f1:.4f}",
            highlight=False,
        )
    if report.verdict is not None:
        left, right = (side.origin.title for side in report.sides)
        agreement = agreement_f1(report.evaluation.agreements)
        _print_line(f"agreement of {right} with {left} (F1): {agreement:.4f}")
        _print_line(changes_sentence(report))
        for judgement in report.judgements[1:]:
            _print_line(f"{judgement.label}: {judgement.verdict.sentence}")
        _print_line(report.verdict.sentence)
    for note in report.notes:
        _print_line(note)


def _print_line(text: str) -> None:
    stdout().print(visible(text), markup=False, highlight=False, soft_wrap=True)
