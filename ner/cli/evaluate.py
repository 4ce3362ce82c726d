"""``evaluate``: both variants against gold."""

from __future__ import annotations

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
from ner.cli.terminal import print_json, print_notes, print_stage, stderr, stdout, write_json
from ner.comparing.agreement import agreement_f1
from ner.evaluating.documents import as_documents
from ner.evaluating.evaluation import lowercase as lower_sentences
from ner.evaluating.report import Report, report_json, report_sides
from ner.evaluating.scores import conlleval
from ner.evaluating.scores import report as tag_report
from ner.files.encoding import read_lines
from ner.files.gold import read_gold_documents, repair_sentences
from ner.machine import describe
from ner.models.opened import open_sides
from ner.models.prepared import find_local
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.schema import machine_json
from ner.tagging.choice import Choice
from ner.tagging.decode import Strategy


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
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON, with the machine, to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score both sides against gold, sentence by sentence and as whole documents."""
    choice = Choice.parse(strategy, threshold, labels)
    # All files are read before anything is tagged, so that a mistake in one costs no time.
    sets = {name: read_gold_documents(file) for name, file in _set_names(gold).items()}
    for file in gold:
        _print_repairs(file)
    pair = (find_local(side, model=model) for side in (left, right))
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    print_notes(sides)
    results = {}
    for name, documents in sets.items():
        if lowercase:
            documents = [lower_sentences(document) for document in documents]
        report, joined = (
            report_sides(sides, texts, choice)
            for texts in (list(chain(*documents)), as_documents(documents))
        )
        results[name] = {**report_json(report), "documents": report_json(joined)}
        if not as_json:
            _print_report(name, report, joined)
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


def _print_repairs(file: Path) -> None:
    """Say how the tags of a CoNLL file were read, where they are not plain BIO2."""
    for sentence in repair_sentences(read_lines(file), file):
        stderr().print(f"{file.name}: {sentence}", markup=False, highlight=False, soft_wrap=True)


def _set_names(files: list[Path]) -> dict[str, Path]:
    """Names for gold files: the folder and the file's stem, such as conll2003/test."""
    return {f"{file.resolve().parent.name}/{file.stem}": file for file in files}


def _print_report(name: str, report: Report, documents: Report) -> None:
    """Each side's conlleval report, per-tag table and F1 as documents; and the agreement."""
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
        stdout().print(f"agreement of {right} with {left} (F1): {agreement:.4f}", highlight=False)
        stdout().print(report.verdict.sentence, markup=False, highlight=False, soft_wrap=True)
