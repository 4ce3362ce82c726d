"""``evaluate``: two sides against gold, and as a gate for builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ner.cli.gold import (
    EncodingOption,
    FormatOption,
    MapOption,
    OffsetsOption,
    OutermostOption,
    TagColumnOption,
    reading,
)
from ner.cli.options import (
    AggregationOption,
    DeviceOption,
    JsonOption,
    LabelsOption,
    LeftOption,
    ModelOption,
    RightOption,
    ThresholdOption,
)
from ner.cli.terminal import (
    check_folder,
    print_json,
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
    junit_xml,
)
from ner.evaluating.documents import as_documents
from ner.evaluating.evaluation import lowercase as lower_sentences
from ner.evaluating.markdown import acceptance_markdown, changes_sentence
from ner.evaluating.report import Json, report_json, report_sides
from ner.evaluating.scores import conlleval
from ner.evaluating.scores import report as tag_report
from ner.evaluating.signoff import sign_off, signoff_html
from ner.files.gold import load_gold
from ner.files.marked import Reading
from ner.machine import describe
from ner.models.names import resolve
from ner.models.open import Sides, open_sides
from ner.models.recipes import ORIGINAL, RECOMMENDED, Variant
from ner.schema import machine_json
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation
from ner.verdict import Answer, gravest

# What a build reads: only 0 goes on.
EXIT_CODES = {Answer.YES: 0, Answer.NO: 1, Answer.UNDECIDED: 3}
_GATE = {
    Answer.YES: "Accepted: all that was asked for is shown.",
    Answer.NO: "Not accepted.",
    Answer.UNDECIDED: "Undecided: more labelled text is needed, so the gate does not pass.",
}


def evaluate(
    gold: Annotated[
        list[Path],
        typer.Argument(help="Files of text with marked entities, in any of the formats listed."),
    ],
    model: ModelOption = "bundled",
    left: LeftOption = ORIGINAL,
    right: RightOption = RECOMMENDED,
    device: DeviceOption = "CPU",
    aggregation: AggregationOption = Aggregation.FIRST,
    threshold: ThresholdOption = 0.0,
    labels: LabelsOption = None,
    label_map: MapOption = None,
    format: FormatOption = None,
    encoding: EncodingOption = None,
    tag_column: TagColumnOption = None,
    offsets: OffsetsOption = None,
    outermost: OutermostOption = False,
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
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Measure cost too, and write a report to sign, as HTML."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON, with the machine, to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score both sides against gold, sentence by sentence and as whole documents.

    With --max-loss, --max-label-loss or --min-f1 it is a gate: exit code 0 for yes, 1 for no, and 3
    where it is undecided.
    """
    choice = Choice.parse(aggregation, threshold, labels)
    limits = Limits(max_loss, max_label_loss, min_f1)
    check_folder(out, junit, markdown, report)
    if junit is not None and not limits.asked:
        raise InputError("--junit needs a limit: --max-loss, --max-label-loss or --min-f1.")
    names = _set_names(gold)
    pair = [resolve(side, default=f"{model}#{RECOMMENDED}") for side in (left, right)]
    read = reading(
        label_map,
        pair[0],
        format=format,
        encoding=encoding,
        tag_column=tag_column,
        offsets=offsets,
        outermost=outermost,
    )
    sets = _read_sets(names, read)
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    _warn(*filter(None, [sides.withheld]))
    scored = []
    for name, documents in sets.items():
        texts = list(map(lower_sentences, documents)) if lowercase else documents
        scored.append(_score(name, sides, texts, choice, limits))
        if not as_json:
            _print_set(scored[-1])
    results = {acceptance.name: _set_json(acceptance, limits) for acceptance in scored}
    if as_json:
        print_json({"sets": results} if len(results) > 1 else next(iter(results.values())))
    settings: Json = {"model": model, "labels": choice.labels, "lowercase": lowercase}
    settings |= {"aggregation": aggregation, "sides": [side.origin.name for side in sides.both]}
    _Files(out, junit, markdown).write(settings, results, scored)
    if report is not None:
        told = {**limits.told, "Texts lower-cased": "yes" if lowercase else "no"}
        _write_report(report, sides, scored, names, choice, told)
    if limits.asked:
        raise typer.Exit(EXIT_CODES[_conclude(scored, as_json)])


@dataclass(frozen=True)
class _Files:
    """Where to write what was found; None for what nobody wants."""

    out: Path | None
    junit: Path | None
    markdown: Path | None

    def write(
        self, settings: Json, results: Mapping[str, Json], scored: Sequence[Acceptance]
    ) -> None:
        """Write each."""
        if self.out is not None:
            machine = machine_json(describe())
            write_json(self.out, {"settings": settings, "machine": machine, "sets": results})
        if self.junit is not None:
            write_text(self.junit, junit_xml(scored))
        if self.markdown is not None:
            write_text(self.markdown, acceptance_markdown(scored))


def _write_report(
    file: Path,
    sides: Sides,
    scored: Sequence[Acceptance],
    gold: Mapping[str, Path],
    choice: Choice,
    settings: Mapping[str, str],
) -> None:
    """The report to sign, with the cost of both sides measured for it."""
    from ner.choosing.contenders import opening_of
    from ner.choosing.memory import SHORT, measure_footprint

    def memory_of(variant: Variant, texts: Sequence[str]) -> int:
        return measure_footprint(opening_of(variant), texts, SHORT).after_files

    stderr().print("Measuring speed and memory …", highlight=False)
    signed = sign_off(sides, scored, gold, choice=choice, settings=settings, memory_of=memory_of)
    write_text(file, signoff_html(signed))


def _score(
    name: str,
    sides: Sides,
    documents: Sequence[Sequence[Gold]],
    choice: Choice,
    limits: Limits,
) -> Acceptance:
    report, joined = (
        report_sides(sides, texts, choice, tolerance=limits.tolerance, name=name)
        for texts in (list(chain(*documents)), as_documents(documents))
    )
    return accept(name, report, joined, limits, labels=choice.labels)


def _set_json(scored: Acceptance, limits: Limits) -> Json:
    answer = {**report_json(scored.report), "documents": report_json(scored.documents)}
    return answer | ({"acceptance": acceptance_json(scored)} if limits.asked else {})


def _conclude(scored: Sequence[Acceptance], as_json: bool) -> Answer:
    """The answer of all checks; unless JSON is wanted, said with each one's reason."""
    answer = gravest(acceptance.answer for acceptance in scored)
    if not as_json:
        for acceptance in scored:
            for check in acceptance.checks:
                _print_line(f"{acceptance.name} · {check.name}: {check.verdict.sentence}")
        _print_line(_GATE[answer])
    return answer


def _read_sets(files: Mapping[str, Path], read: Reading) -> dict[str, list[list[Gold]]]:
    """The documents of each set; all files are read before anything is tagged.

    So a mistake in one costs no time. What was made of a file that is not plain is said.
    """
    sets = {}
    for name, file in files.items():
        gold = load_gold(file, read)
        _warn(*(f"{file.name}: {sentence}" for sentence in gold.notes))
        sets[name] = [list(document) for document in gold.documents]
    return sets


def _warn(*sentences: str) -> None:
    for sentence in sentences:
        stderr().print(sentence, markup=False, highlight=False, soft_wrap=True)


def _set_names(files: list[Path]) -> dict[str, Path]:
    """Names for gold files: the folder and the file's stem, such as conll2003/test.

    ``InputError`` if two have the same, since one of them would not be looked at.
    """
    names: dict[str, Path] = {}
    for file in files:
        name = f"{file.resolve().parent.name}/{file.stem}"
        if name in names:
            raise InputError(f"Two files of gold are called {name}. Rename one, or leave it out.")
        names[name] = file
    return names


def _print_set(scored: Acceptance) -> None:
    """Each side's conlleval report, per-tag table and F1 as documents; agreement and verdict."""
    report, documents = scored.report, scored.documents
    for side, joined in zip(report.sides, documents.sides, strict=True):
        stdout().print(f"{scored.name} · {side.origin.title}", style="bold", markup=False)
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
