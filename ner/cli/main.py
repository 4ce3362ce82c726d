"""The commands together, and what becomes of their errors."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import click
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
from ner.cli.tag import tag
from ner.cli.terminal import stderr
from ner.cli.train import train
from ner.errors import InputError, NerError


def serve(
    host: Annotated[str | None, typer.Option(help="Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default: 7860.")] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the endpoints to language models, over MCP.")
    ] = False,
) -> None:
    """Start the app: the same as python app.py."""
    from ner.ui.launch import serve as start

    start(host, port, mcp=mcp)


app = typer.Typer(
    help="Named entities by a model and by its INT8 OpenVINO twin, side by side.",
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
    """Run the command line; never shows a trace for an error that a person can cause."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = app(prog_name="python -m ner", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = 2
    except NerError as error:
        stderr().print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        code = 2 if isinstance(error, InputError) else 1
    except (click.Abort, KeyboardInterrupt):
        stderr().print("Stopped.")
        code = 1
    except BrokenPipeError:
        # Whoever read the output has read enough.
        sys.stderr.close()
        code = 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        stderr().print("Error: the output can't be written: no space is left. Free some.")
        # What is left unwritten would be tried again when the process ends, with a trace.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    raise SystemExit(code or 0)
