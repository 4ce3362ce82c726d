"""Runs a command line, and says what went wrong: a sentence and an exit code."""

from __future__ import annotations

import errno
import os
import sys

import click
import typer

from ner.cli.terminal import print_note
from ner.errors import InputError, NerError


def run(app: typer.Typer, name: str) -> None:
    """Run ``app``, called ``name``; never shows a trace for an error that a person can cause."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = app(prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = 2
    except NerError as error:
        print_note(f"Error: {error}")
        code = 2 if isinstance(error, InputError) else 1
    except (click.Abort, KeyboardInterrupt):
        print_note("Stopped.")
        code = 1
    except BrokenPipeError:
        # The reader of the output has read enough.
        sys.stderr.close()
        code = 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print_note("Error: the output can't be written: no space is left. Free some.")
        # Python writes what is left when the process ends, which would end in a trace.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    raise SystemExit(code or 0)
