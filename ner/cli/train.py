"""``train``: a checkpoint from annotated text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, print_note, stdout
from ner.train.settings import Arch, Source, TrainProgress, TrainSettings


def train(
    data: Annotated[
        list[Source],
        typer.Option(
            help="A folder with train.txt and dev.txt: DIR, DIR:WEIGHT or DIR:WEIGHT:PER,LOC. "
            "Repeat it to mix; the first one's dev set chooses the checkpoint.",
            parser=Source.parse,
            metavar="TEXT",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The checkpoint folder to write.")],
    arch: Annotated[Arch, typer.Option(help="What to train.")] = TrainSettings.arch,
    base: Annotated[
        str,
        typer.Option(help="The model to start from: bundled, a checkpoint folder, a Hub name."),
    ] = TrainSettings.base,
    label_map: Annotated[
        str,
        typer.Option(
            "--map", "--label-map", help="Other names for the labels: person=PER,GPE=LOC,DATE="
        ),
    ] = TrainSettings.label_map,
    epochs: Annotated[
        float, typer.Option(help="Passes over the data, each by its weight.")
    ] = TrainSettings.epochs,
    learning_rate: Annotated[
        float, typer.Option(help="The highest learning rate of the encoder.")
    ] = TrainSettings.learning_rate,
    embedding_learning_rate: Annotated[
        float, typer.Option(help="The same for the word embeddings.")
    ] = TrainSettings.embedding_learning_rate,
    fresh_learning_rate: Annotated[
        float, typer.Option(help="The same for new parts: classifier, LSTM.")
    ] = TrainSettings.fresh_learning_rate,
    warmup: Annotated[
        float, typer.Option(help="Share of the steps in which the rates rise.")
    ] = TrainSettings.warmup,
    token_budget: Annotated[
        int, typer.Option(help="Word pieces in a batch, padding included.")
    ] = TrainSettings.token_budget,
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="A checkpoint to learn from: it labels the unlabelled texts and those of the "
            "first folder."
        ),
    ] = None,
    teacher_labels: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the teacher's labels: written with --teacher, read without."
        ),
    ] = None,
    unlabelled: Annotated[
        list[Source],
        typer.Option(
            help="A text file for the teacher, one sentence a line: FILE or FILE:WEIGHT. Repeat it "
            "to mix.",
            parser=Source.parse,
            metavar="TEXT",
        ),
    ] = [],  # noqa: B006 - typer's way of saying: none
    distil_weight: Annotated[
        float, typer.Option(help="The teacher's share of the loss where there is gold too.")
    ] = TrainSettings.distil_weight,
    document_words: Annotated[
        int,
        typer.Option(
            help="Also train on chunks of up to so many words: consecutive sentences where a "
            "folder has train.docs.txt, else random ones; 0: none."
        ),
    ] = TrainSettings.document_words,
    document_weight: Annotated[
        float,
        typer.Option(help="Share of the chunks that an epoch draws, times their source's weight."),
    ] = TrainSettings.document_weight,
    case_share: Annotated[
        float,
        typer.Option(help="Share of texts added in lower case, and half as many in upper case."),
    ] = TrainSettings.case_share,
    average_decay: Annotated[
        float, typer.Option(help="Decay of the moving average of the weights, which is kept.")
    ] = TrainSettings.average_decay,
    evaluations_per_epoch: Annotated[
        int, typer.Option(help="How often the dev set is scored.")
    ] = TrainSettings.evaluations_per_epoch,
    patience: Annotated[
        int, typer.Option(help="Stop after so many evaluations without a better dev F1.")
    ] = TrainSettings.patience,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same run.")
    ] = TrainSettings.seed,
    as_json: JsonOption = False,
) -> None:
    """Train a checkpoint. The same command again resumes a run that was stopped."""
    settings = TrainSettings(
        data=tuple(data),
        out=out,
        arch=arch,
        base=base,
        label_map=label_map,
        epochs=epochs,
        learning_rate=learning_rate,
        embedding_learning_rate=embedding_learning_rate,
        fresh_learning_rate=fresh_learning_rate,
        warmup=warmup,
        token_budget=token_budget,
        teacher=teacher,
        teacher_labels=teacher_labels,
        unlabelled=tuple(unlabelled),
        distil_weight=distil_weight,
        document_words=document_words,
        document_weight=document_weight,
        case_share=case_share,
        average_decay=average_decay,
        evaluations_per_epoch=evaluations_per_epoch,
        patience=patience,
        seed=seed,
    )
    # Imports torch and transformers, which takes seconds.
    from ner.train.run import train as run

    print_checkpoint(out, run(settings, report=_print_progress), as_json=as_json)


def print_checkpoint(
    folder: Path, dev: Mapping[str, Mapping[str, float]], *, as_json: bool
) -> None:
    """Where a checkpoint was written and how it scores on dev sets."""
    if as_json:
        print_json({"folder": str(folder), "dev": dev})
        return
    stdout().print(f"Checkpoint in {folder}", highlight=False, soft_wrap=True)
    for name, figures in dev.items():
        stdout().print(f"  {name} dev: F1 {figures['f1']:.4f}", highlight=False)


def _print_progress(progress: TrainProgress) -> None:
    if progress.labelling:
        parts = [f"teacher: {progress.step:,} of {progress.steps:,} texts"]
    else:
        parts = [f"step {progress.step} of {progress.steps}"]
    parts.append(f"{progress.seconds:.0f} s")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    if progress.f1 is not None:
        parts.append(f"dev F1 {progress.f1:.4f}")
    print_note(" · ".join(parts))
