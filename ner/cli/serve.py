"""python -m ner serve, and python app.py, which is the same."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ner.cli.run import run
from ner.errors import InputError


def serve(
    host: Annotated[
        str, typer.Option(envvar="GRADIO_SERVER_NAME", help="Address to listen at.")
    ] = "127.0.0.1",
    port: Annotated[
        str, typer.Option(envvar="GRADIO_SERVER_PORT", metavar="INTEGER", help="0: any free one.")
    ] = "7860",
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the endpoints to language models, over MCP.")
    ] = False,
) -> None:
    """Start the app: the same as python app.py."""
    if not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65_536):
        raise InputError(f"A port is a whole number from 0 to 65535; got {port[:20]!r}.")
    # Gradio reads it too, and can't be imported if it is none.
    os.environ["GRADIO_SERVER_PORT"] = port
    from ner.ui.launch import serve as start

    start(host, int(port), mcp=mcp)


def main() -> None:
    """Start the app as app.py does."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(serve)
    run(app, "python app.py")
