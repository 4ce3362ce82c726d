"""``train``: checkpoints from annotated text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, stderr, stdout
from ner.train.settings import Arch, DataSource, TextSource, TrainSettings
from ner.train.settings import Progress as TrainProgress


def train(
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            help="A folder with train.txt and dev.txt: DIR, DIR:WEIGHT or DIR:WEIGHT:PER,LOC. "
            "Repeat it to mix; the first one's dev set chooses the checkpoint.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The checkpoint folder to write.")],
    arch: Annotated[Arch, typer.Option("--arch")] = Arch.TRANSFORMER,
    base: Annotated[
        str | None, typer.Option("--base", help="The checkpoint to start from; default: MiniLM.")
    ] = None,
    vocabulary_size: Annotated[
        int | None,
        typer.Option(
            "--vocabulary-size", help="Lay a cased vocabulary of this size over the base."
        ),
    ] = None,
    epochs: Annotated[float, typer.Option("--epochs")] = 5.0,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 1e-4,
    embedding_learning_rate: Annotated[float, typer.Option("--embedding-learning-rate")] = 4e-4,
    fresh_learning_rate: Annotated[
        float, typer.Option("--fresh-learning-rate", help="For parts that start at random.")
    ] = 1e-3,
    weight_decay: Annotated[float, typer.Option("--weight-decay")] = 0.01,
    warmup: Annotated[
        float, typer.Option("--warmup", help="Share of the steps in which the rates rise.")
    ] = 0.1,
    token_budget: Annotated[
        int, typer.Option("--token-budget", help="Word pieces in a batch, padding included.")
    ] = 512,
    fixed_length: Annotated[
        bool,
        typer.Option("--fixed-length", help="Pad all texts to the longest: to compare with."),
    ] = False,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(
            "--teacher",
            help="A checkpoint to learn from: it labels the unlabelled texts and the first "
            "folder. Repeat it to average several.",
        ),
    ] = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            "--unlabelled",
            help="A text file for the teacher, one sentence a line: FILE or FILE:WEIGHT. Repeat "
            "it to mix.",
        ),
    ] = None,
    distil_weight: Annotated[
        float,
        typer.Option(
            "--distil-weight", help="Share of the teacher's word where gold says something too."
        ),
    ] = 0.5,
    teacher_labels: Annotated[
        Path | None,
        typer.Option(
            "--teacher-labels",
            help="A folder to keep what the teacher said, for other runs with the same texts.",
        ),
    ] = None,
    document_words: Annotated[
        int, typer.Option("--document-words", help="Also train on chunks of up to so many words.")
    ] = 0,
    document_weight: Annotated[float, typer.Option("--document-weight")] = 0.5,
    case_share: Annotated[
        float, typer.Option("--case-share", help="Share of sentences added in lower case.")
    ] = 0.0,
    swap_share: Annotated[
        float,
        typer.Option("--swap-share", help="Share of sentences added with other names in them."),
    ] = 0.0,
    average_decay: Annotated[float, typer.Option("--average-decay")] = 0.999,
    evaluations_per_epoch: Annotated[int, typer.Option("--evaluations-per-epoch")] = 1,
    patience: Annotated[int, typer.Option("--patience")] = 5,
    score_test: Annotated[
        bool, typer.Option("--score-test", help="Score test files too, once, at the end.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed")] = 13,
    as_json: JsonOption = False,
) -> None:
    """Train a checkpoint. The same command again resumes a run that was stopped."""
    given = {
        name: value
        for name, value in locals().items()
        if name not in ("data", "teacher", "unlabelled", "as_json")
    }
    settings = TrainSettings(
        data=tuple(map(DataSource.parse, data)),
        teachers=tuple(teacher or ()),
        unlabelled=tuple(map(TextSource.parse, unlabelled or ())),
        **given,
    )
    # Imports torch and transformers, which takes seconds.
    from ner.train.run import train as run

    result = run(settings, report=_print_training)
    if as_json:
        print_json({"folder": str(result.folder), "dev": result.dev, "test": result.test})
        return
    stdout().print(f"Checkpoint in {result.folder}", highlight=False, soft_wrap=True)
    for split, sets in (("dev", result.dev), ("test", result.test)):
        for name, figures in sets.items():
            stdout().print(f"  {name} {split}: F1 {figures['f1']:.4f}", highlight=False)


def _print_training(progress: TrainProgress) -> None:
    if progress.labelling:
        parts = [f"teacher: {progress.step:,} of {progress.steps:,} texts"]
    else:
        parts = [f"step {progress.step} of {progress.steps}"]
    parts.append(f"{progress.seconds:.0f} s")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.4f}")
    if progress.f1 is not None:
        parts.append(f"dev F1 {progress.f1:.4f}")
    stderr().print(" · ".join(parts), markup=False, highlight=False)


def average(
    checkpoints: Annotated[
        list[Path], typer.Argument(help="Checkpoints that were trained from the same one.")
    ],
    data: Annotated[
        list[str], typer.Option("--data", help="A folder with dev.txt, to score the average on.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The checkpoint folder to write.")],
    as_json: JsonOption = False,
) -> None:
    """Average the weights of fine-tunings of one checkpoint: often better than each of them."""
    # Imports torch and transformers, which takes seconds.
    from ner.train.average import average as run

    dev = run(checkpoints, out, data=[DataSource.parse(one) for one in data])
    if as_json:
        print_json({"folder": str(out), "dev": dev})
        return
    stdout().print(f"Checkpoint in {out}", highlight=False, soft_wrap=True)
    for name, figures in dev.items():
        stdout().print(f"  {name} dev: F1 {figures['f1']:.4f}", highlight=False)
