"""``average``: one checkpoint from several fine-tunings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner.cli.options import JsonOption
from ner.cli.train import print_checkpoint, source_option
from ner.train.settings import Source


def average(
    checkpoints: Annotated[
        list[Path], typer.Argument(help="Checkpoints that were trained from the same one.")
    ],
    data: Annotated[list[Source], source_option("A folder with dev.txt, to score the average on.")],
    out: Annotated[Path, typer.Option(help="The checkpoint folder to write.")],
    as_json: JsonOption = False,
) -> None:
    """Average the weights of several fine-tunings of one checkpoint."""
    # Imports torch and transformers, which takes seconds.
    from ner.train.average import average as run

    print_checkpoint(out, run(checkpoints, out, data=data), as_json=as_json)
