"""All commands together."""

from __future__ import annotations

import typer

from ner.cli.average import average
from ner.cli.batch import batch
from ner.cli.bench import bench
from ner.cli.choose import choose
from ner.cli.compare import compare
from ner.cli.deploy import deploy
from ner.cli.evaluate import evaluate
from ner.cli.export import export
from ner.cli.prepare import prepare
from ner.cli.run import run
from ner.cli.serve import serve
from ner.cli.tag import tag
from ner.cli.train import train

app = typer.Typer(
    help="Named entities by a model and by its INT8 OpenVINO version, side by side.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    prepare,
    tag,
    compare,
    evaluate,
    choose,
    bench,
    batch,
    train,
    average,
    serve,
    export,
    deploy,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    run(app, "python -m ner")
