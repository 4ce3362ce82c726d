"""``average``: one checkpoint of several fine-tunings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption
from ner.cli.terminal import print_json, stdout
from ner.train.settings import DataSource


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

    dev = run(checkpoints, out, data=[DataSource.parse(spec) for spec in data])
    if as_json:
        print_json({"folder": str(out), "dev": dev})
        return
    stdout().print(f"Checkpoint in {out}", highlight=False, soft_wrap=True)
    for name, figures in dev.items():
        stdout().print(f"  {name} dev: F1 {figures['f1']:.4f}", highlight=False)
