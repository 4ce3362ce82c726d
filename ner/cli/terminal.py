"""What is read from standard input and written to standard output and error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import rich.table
import typer
from rich.console import Console
from rich.text import Text

from ner.errors import InputError
from ner.progress import Progress
from ner.tables import Table

# Characters; wider than any table.
_WIDEST = 1000


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on a line of standard output, at once; strict, so never NaN."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def write_json(file: Path, value: dict[str, Any]) -> None:
    """A JSON object as a file; ``InputError`` if it can't be written there."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    write_text(file, text + "\n")


def write_text(file: Path, text: str) -> None:
    """A text as a file; ``InputError`` if it can't be written there."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} can't be written: {error.strerror}.") from error


def check_folder(*files: Path | None) -> None:
    """``InputError`` for a file to be written in a folder that is not there; before any work."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            raise InputError(f"{file} can't be written: there is no folder {file.parent}. Make it.")


def print_note(sentence: str) -> None:
    """A sentence on standard error, as it is."""
    typer.echo(sentence, err=True)


def print_stage(stage: str) -> None:
    """A stage of preparing, on standard error."""
    print_note(f"{stage} …")


def print_progress(step: Progress) -> None:
    """How far a measurement is, on one line of the terminal; a log gets none of it."""
    if not sys.stderr.isatty():
        return
    line = f"{step.done}/{step.total} {step.what}" if step.done < step.total else ""
    typer.echo(f"{line:<60}\r", err=True, nl=False)


def print_table(table: Table) -> None:
    """A table on standard output: its title, its note, and its rows under their heads."""
    shown = rich.table.Table(box=None, title=table.title or None, title_justify="left")
    # As wide as it needs: the terminal wraps, and on a pipe nothing is cut.
    for index, name in enumerate(table.columns):
        numbers = bool(table.rows) and all(row[index].value is not None for row in table.rows)
        shown.add_column(visible(name), justify="right" if numbers else "left", no_wrap=True)
    for row in table.rows:
        shown.add_row(
            *(
                Text(visible(f"{cell.text} ({cell.small})" if cell.small else cell.text))
                for cell in row
            )
        )
    if table.note:
        print_line(table.note)
    Console(width=_WIDEST).print(shown)


def print_line(sentence: str) -> None:
    """A sentence on standard output, as it is."""
    typer.echo(visible(sentence))


def visible(text: str) -> str:
    """``text`` on one line, without characters that steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def stdin_lines() -> Iterator[str]:
    """The lines of standard input without their ends and without a mark at its beginning.

    Raises ``InputError`` for bytes that are not UTF-8, with their line.
    """
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeError as error:
            raise InputError(
                f"Standard input, line {number}, is not UTF-8. Convert it first, such as with "
                "iconv -f CP1252 -t UTF-8."
            ) from error
        yield text.rstrip("\n").removesuffix("\r")


def chunks(lines: Iterable[str], size: int) -> Iterator[list[str]]:
    """``lines`` in lists of ``size``, the last one perhaps shorter."""
    iterator = iter(lines)
    while chunk := list(islice(iterator, size)):
        yield chunk
