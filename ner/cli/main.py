"""All commands together."""

from __future__ import annotations

from importlib import import_module

import typer

from ner.cli.run import run

app = typer.Typer(
    help="Named entities by a model and by its INT8 OpenVINO version, side by side.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    *("prepare", "tag", "compare", "evaluate", "choose", "bench", "batch"),
    *("train", "average", "serve", "export", "deploy"),
):
    app.command()(getattr(import_module(f"ner.cli.{command}"), command))


def main() -> None:
    """Run the command line."""
    run(app, "python -m ner")
