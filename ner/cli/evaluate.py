"""``evaluate``: two sides against gold, and as a gate for builds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from ner.choosing.contenders import Contender
from ner.choosing.measure import Sample, measure
from ner.choosing.memory import SHORT
from ner.choosing.recommend import gains
from ner.choosing.report import choice_table, measurement_json
from ner.choosing.workloads import usual
from ner.cli.gold import MapOption, reading
from ner.cli.options import (
    AggregationOption,
    DeviceOption,
    JsonOption,
    LabelsOption,
    LeftOption,
    ModelOption,
    OutOption,
    ReadingOption,
    RightOption,
    ThresholdOption,
)
from ner.cli.terminal import (
    check_folder,
    print_json,
    print_line,
    print_note,
    print_progress,
    print_stage,
    print_table,
    write_json,
    write_text,
)
from ner.entities import Annotated as AnnotatedText
from ner.errors import InputError
from ner.evaluating.documents import as_documents
from ner.evaluating.documents import lowercase as lower_sentences
from ner.evaluating.gate import Gated, Limits, junit_xml
from ner.evaluating.report import report_sides
from ner.evaluating.scores import conlleval
from ner.evaluating.signoff import signoff_html
from ner.evaluating.tables import agreement_table, gate_markdown, judgement_table, tag_table
from ner.files.gold import FORMATS, Gold, load_gold
from ner.files.marked import Offsets, Reading
from ner.machine import describe
from ner.models.folder import sha256
from ner.models.names import resolve
from ner.models.open import Sides, open_sides
from ner.models.recipes import ORIGINAL, RECOMMENDED
from ner.progress import finish
from ner.schema import Json, to_json
from ner.tables import Table
from ner.tagging.choice import Choice
from ner.tagging.decode import Aggregation
from ner.verdict import MAX_LOSS, Answer, gravest

# What a build reads: only 0 goes on.
EXIT_CODES = {Answer.YES: 0, Answer.NO: 1, Answer.UNDECIDED: 3}
# The report to sign measures time and memory on about so many texts at most.
_COST_TEXTS = 200
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
    read_as: ReadingOption = "segments",
    label_map: MapOption = None,
    format: Annotated[
        str | None,
        typer.Option(
            help=f"Gold's format, if it can't be told: {', '.join(each.name for each in FORMATS)}.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Gold's encoding, such as cp1252; default: UTF-8, or by mark."),
    ] = None,
    tag_column: Annotated[
        int | None, typer.Option(min=1, help="The column of tags, counted from 1.")
    ] = None,
    offsets: Annotated[
        Offsets | None, typer.Option(help="What the offsets of gold's spans count.")
    ] = None,
    outermost: Annotated[
        bool, typer.Option("--outermost", help="Of nested spans keep the outer one.")
    ] = False,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="Lower-case the texts before tagging them.")
    ] = False,
    max_loss: Annotated[
        float | None,
        typer.Option(help="Gate: the most F1 points that B may lose, such as 1.0."),
    ] = None,
    max_label_loss: Annotated[
        float | None,
        typer.Option(help="Gate: the same for each type in gold."),
    ] = None,
    min_f1: Annotated[
        float | None,
        typer.Option(help="Gate: the least F1 that B must reach, such as 0.9."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write how the gate was passed as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a summary in Markdown, for a build.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Measure cost too, and write a report to sign, as HTML."),
    ] = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score both sides against gold, sentence by sentence and as whole documents.

    With --max-loss, --max-label-loss or --min-f1 it is a gate: exit code 0 for yes, 1 for no, 3
    for undecided. Gold that does not fit the model gets no verdict: exit code 2.
    """
    choice = Choice.parse(aggregation, threshold, labels, read_as)
    limits = Limits(max_loss, max_label_loss, min_f1)
    check_folder(out, junit, markdown, report)
    if junit is not None and not limits.asked:
        raise InputError("--junit needs a limit: --max-loss, --max-label-loss or --min-f1.")
    names = _set_names(gold)
    pair = [resolve(side, default=f"{model}#{RECOMMENDED}") for side in (left, right)]
    given = Reading(format, encoding, tag_column=tag_column, offsets=offsets, outermost=outermost)
    read = reading(label_map, pair[0], given)
    # All are read before anything is tagged, so that a mistake in one costs no time.
    sets = {name: _read(file, read) for name, file in names.items()}
    sides = open_sides(*pair, device=device, report=print_stage, serve=False)
    if sides.withheld:
        print_note(sides.withheld)
    scored = []
    for name, found in sets.items():
        texts = list(map(lower_sentences, found.documents)) if lowercase else found.documents
        scored.append(_score(name, sides, texts, choice, limits, found.began))
        if not as_json:
            _print_set(scored[-1])
    results = {
        gated.name: {
            **gated.report.json(),
            "documents": gated.documents.json(),
            **({"gate": gated.json()} if limits.asked else {}),
        }
        for gated in scored
    }
    if as_json:
        print_json({"sets": results} if len(results) > 1 else next(iter(results.values())))
    if out is not None:
        settings: Json = {"model": model, "labels": choice.labels, "lowercase": lowercase}
        settings["aggregation"] = choice.aggregation
        settings["sides"] = [side.origin.name for side in sides.both]
        write_json(out, to_json({"settings": settings, "machine": describe(), "sets": results}))
    if junit is not None:
        write_text(junit, junit_xml(scored))
    if markdown is not None:
        write_text(markdown, gate_markdown(scored))
    if report is not None:
        told = {"Texts lower-cased": "yes" if lowercase else "no"}
        hashes = {name: sha256(file) for name, file in names.items()}
        write_text(report, signoff_html(scored, hashes, sides, _cost(sides, scored, choice), told))
    _conclude(scored, limits, as_json=as_json)


def _conclude(scored: Sequence[Gated], limits: Limits, *, as_json: bool) -> None:
    """End with the exit code of the gate; ``InputError`` where gold and model do not fit."""
    for gated in scored:
        if gated.report.misfit:
            raise InputError(f"{gated.name}: {gated.report.misfit}")
    if limits.asked:
        answer = gravest(gated.answer for gated in scored)
        if not as_json:
            for gated in scored:
                for check, verdict in gated.checks.items():
                    print_line(f"{gated.name} · {check}: {verdict.sentence}")
            print_line(_GATE[answer])
        raise typer.Exit(EXIT_CODES[answer])


def _cost(sides: Sides, scored: Sequence[Gated], choice: Choice) -> Table:
    """What both sides take on this machine, measured on some of the gold's texts."""
    texts = [text.tagged.text for gated in scored for text in gated.report.gold]
    some = Sample(tuple(texts[:: 1 + len(texts) // _COST_TEXTS]))
    contenders = [Contender.of(side, choice) for side in sides.both]
    left, right = finish(measure(contenders, some, usual(some.texts), SHORT), print_progress)
    table = choice_table(measurement_json([left, right], "of the gold, measured for this report"))
    said = f"{right.title}: {gains(right, left, right.agreement_at())}."
    return replace(table, title="Speed and memory", note=f"{table.note} {said}")


def _score(
    name: str,
    sides: Sides,
    documents: Sequence[Sequence[AnnotatedText]],
    choice: Choice,
    limits: Limits,
    began: frozenset[str],
) -> Gated:
    loss = limits.max_loss or MAX_LOSS
    report, joined = (
        report_sides(sides.all, texts, choice, max_loss=loss, began=began, name=name)
        for texts in (list(chain(*documents)), as_documents(documents))
    )
    return Gated(report, joined, limits)


def _read(file: Path, read: Reading) -> Gold:
    """A set of gold; what was made of a file that is not plain is said."""
    gold = load_gold(file, read)
    for sentence in gold.notes:
        print_note(f"{file.name}: {sentence}")
    return gold


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


def _print_set(scored: Gated) -> None:
    """Each side's conlleval report, tags and F1 as documents; agreement, limits and verdict."""
    report, documents = scored.report, scored.documents
    for side, joined in zip(report.sides, documents.sides, strict=True):
        typer.secho(f"{scored.name} · {side.origin.title}", bold=True)
        typer.echo(conlleval(side), nl=False)
        print_table(tag_table(side))
        print_line(f"As {len(documents.gold):,} documents: F1 {100 * joined.micro.f1:.2f}.")
    print_table(agreement_table(report))
    if report.judgements:
        print_table(judgement_table(report))
    verdict = report.verdict.sentence if report.verdict else None
    for sentence in (report.changes_sentence, verdict, *report.notes):
        if sentence not in (None, report.misfit):
            print_line(sentence)
