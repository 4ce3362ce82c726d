"""``train``: a checkpoint from annotated text."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.models import OptionInfo

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, print_line, print_note
from ner.train.settings import Source, TrainSettings


def train(*, as_json: JsonOption = False, **options: Any) -> None:  # noqa: ANN401 - each has its own
    """Train a checkpoint. The same command again resumes a run that was stopped."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
    settings = TrainSettings(**given)
    # Imports torch and transformers, which takes seconds.
    from ner.train.run import train as run

    print_checkpoint(settings.out, run(settings, report=print_note), as_json=as_json)


def source_option(explanation: str) -> OptionInfo:
    """An option that names folders or files with weights."""
    option: OptionInfo = typer.Option(help=explanation, parser=Source.parse, metavar="TEXT")
    return option


def _parameters() -> Iterator[inspect.Parameter]:
    """Each setting as an option, and --json."""
    hints = get_type_hints(TrainSettings, include_extras=True)
    for field in fields(TrainSettings):
        kind, (explanation,) = hints[field.name].__origin__, hints[field.name].__metadata__
        default = inspect.Parameter.empty if field.default is MISSING else field.default
        names = ("--map", "--label-map") if field.name == "label_map" else ()
        option = typer.Option(*names, help=explanation)
        if kind == tuple[Source, ...]:
            kind, option = list[Source], source_option(explanation)
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[kind, option],
        )
    yield inspect.signature(train, eval_str=True).parameters["as_json"]


def print_checkpoint(
    folder: Path, dev: Mapping[str, Mapping[str, float]], *, as_json: bool
) -> None:
    """Where a checkpoint was written and how it scores on dev sets."""
    if as_json:
        print_json({"folder": str(folder), "dev": dev})
        return
    print_line(f"Checkpoint in {folder}")
    for name, figures in dev.items():
        print_line(f"  {name} dev: F1 {figures['f1']:.4f}")


train.__signature__ = inspect.Signature([*_parameters()])  # type: ignore[attr-defined]
