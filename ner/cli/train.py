"""``train``: checkpoints from annotated text."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, stderr, stdout
from ner.train.settings import TrainProgress, TrainSettings


def _parameters() -> list[inspect.Parameter]:
    """The command's options, from the fields of `TrainSettings`."""
    hints = get_type_hints(TrainSettings)
    options = TrainSettings.options()
    parameters = []
    for field in fields(TrainSettings):
        option, default = options[field.name], field.default
        kind: Any = hints[field.name]
        if get_origin(kind) is tuple:
            kind = GenericAlias(list, get_args(kind)[0])
        flag = f"--{option.flag or field.name.replace('_', '-')}"
        metavar = "TEXT" if option.parse else None
        told = typer.Option(flag, help=option.help, parser=option.parse, metavar=metavar)
        parameters.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if default is MISSING else default,
                annotation=Annotated[kind, told],
            )
        )
    return parameters


def train(*, as_json: JsonOption = False, **given: object) -> None:
    """Train a checkpoint. The same command again resumes a run that was stopped."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    settings = TrainSettings(**values)
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


# typer reads a command's options from its signature.
train.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        *_parameters(),
        inspect.Parameter(
            "as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption
        ),
    ]
)


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
