"""``evaluate``: both variants against gold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ner import schema
from ner.cli.options import (
    DeviceOption,
    JsonOption,
    LabelsOption,
    ModelOption,
    StrategyOption,
    ThresholdOption,
)
from ner.cli.terminal import print_json, print_stage, split_labels, stderr, stdout, write_json
from ner.comparing.agreement import agreement_f1
from ner.errors import FileFormatError
from ner.evaluating.report import evaluation_json
from ner.evaluating.scores import conlleval, total
from ner.evaluating.scores import report as score_report
from ner.models.catalogue import find
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy

if TYPE_CHECKING:
    from ner.evaluating.evaluation import Evaluation


def evaluate(
    gold: Annotated[
        list[Path], typer.Argument(help="CoNLL files: token, tag; a blank line ends a sentence.")
    ],
    model: ModelOption = "bundled",
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
    """Score both variants against gold: conlleval report, per-tag table, agreement."""
    from ner import machine
    from ner.evaluating import evaluation
    from ner.files.formats import read_gold
    from ner.models.opened import open_pair

    kept = split_labels(labels)
    # All files are read before anything is tagged, so that a mistake in one costs no time.
    sets = {name: read_gold(file) for name, file in _set_names(gold).items()}
    for file in gold:
        _print_repairs(file)
    pair = open_pair(find(model), device=device, report=print_stage)
    original, int8 = (
        pair.tagger(variant).using(strategy=strategy, threshold=threshold) for variant in Variant
    )
    results = {}
    for name, sentences in sets.items():
        cased = evaluation.lower_cased(sentences) if lowercase else sentences
        result = evaluation.evaluate(cased, original, int8, labels=kept)
        results[name] = evaluation_json(result.original, result.int8, result.agreements)
        if not as_json:
            _print_evaluation(name, result)
    answer = {"sets": results} if len(results) > 1 else next(iter(results.values()))
    if out is not None:
        settings = {"model": model, "labels": kept, "lowercase": lowercase, "strategy": strategy}
        record = {"settings": settings, "machine": schema.machine_json(machine.describe())}
        write_json(out, {**record, "sets": results})
    if as_json:
        print_json(answer)


def _print_repairs(file: Path) -> None:
    """Say how the tags of a CoNLL file were read, where they are not plain BIO2."""
    from ner.files.formats import Scheme, read_lines, tag_notes

    try:
        notes = tag_notes(read_lines(file), file)
    except FileFormatError:
        return  # spans or brackets, which have no tags
    if notes.scheme is not Scheme.BIO2:
        stderr().print(f"{file.name}: tags are {notes.scheme}, read as entities.", markup=False)
    if notes.repaired:
        lines = ", ".join(map(str, notes.repaired[:10]))
        more = " …" if len(notes.repaired) > 10 else ""
        stderr().print(
            f"{file.name}: {len(notes.repaired)} tags continue no entity and were read as the "
            f"beginning of one, as conlleval does (lines {lines}{more}).",
            markup=False,
            soft_wrap=True,
        )


def _set_names(files: list[Path]) -> dict[str, Path]:
    """Names for gold files: the folder and the file's stem, such as conll2003/test."""
    return {f"{file.resolve().parent.name}/{file.stem}": file for file in files}


def _print_evaluation(name: str, result: Evaluation) -> None:
    for variant, per_sentence in ((Variant.ORIGINAL, result.original), (Variant.INT8, result.int8)):
        summed = total(per_sentence)
        stdout().print(f"{name} · {variant}", style="bold", markup=False)
        stdout().print(conlleval(summed), markup=False, highlight=False, end="")
        table = Table("tag", "precision", "recall", "F1", "support", box=None)
        for row, figures in score_report(summed.tags).items():
            values = (figures.precision, figures.recall, figures.f1)
            table.add_row(row, *(f"{value:.4f}" for value in values), f"{figures.support}")
        stdout().print(table)
    agreement = agreement_f1(result.agreements)
    stdout().print(f"agreement of INT8 with the original (F1): {agreement:.4f}", highlight=False)
