"""Reading and writing: lines of text, JSON, files that are whole or not there, cells of CSV."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from ner.errors import FileFormatError, InputError, NerError

# Line ends, tabs and NUL lead to a new cell or are dropped; spaces, also those of no width, are
# skipped before a formula by some programs.
_FORMULA = re.compile("[\t\r\n\0]|[\\s\ufeff\u200b]*[=+\\-@＝＋－＠]")


def read_lines(path: Path, *, limit: int | None = None) -> Iterator[str]:
    """The lines of a text file without their ends (LF, CRLF or CR; never U+2028), streamed.

    The encoding is UTF-8, or UTF-16 by its byte-order mark; a mark is not part of the text. Raises
    ``FileFormatError`` for anything else, and when the file can't be opened; ``InputError`` where
    it has more than ``limit`` characters.
    """
    number = length = 0
    encoding = "UTF-8"
    try:
        # A character has four bytes or fewer, so that even one endless line is refused unread.
        if limit is not None:
            check_length(path.stat().st_size // 4, limit, path.name)
        with path.open("rb") as binary:
            head = binary.read(2)
        encoding = "UTF-16" if head in (b"\xff\xfe", b"\xfe\xff") else "UTF-8-SIG"
        with path.open(encoding=encoding) as file:
            for number, line in enumerate(file, start=1):
                if "\0" in line:
                    raise FileFormatError(
                        path, number, "a NUL character; save the file as text in UTF-8."
                    )
                length += len(line)
                if limit is not None:
                    check_length(length, limit, path.name)
                yield line.rstrip("\n")
    except UnicodeError as error:
        raise FileFormatError(
            path, None, f"not {encoding} after line {number:,}; save the file as UTF-8."
        ) from error
    except OSError as error:
        raise FileFormatError(path, None, f"can't be read ({error.strerror}).") from error


def split_lines(text: str) -> list[str]:
    """The lines of a text without their ends (LF, CRLF or CR; never U+2028)."""
    return [line.rstrip("\n") for line in StringIO(text, newline=None)]


def check_length(length: int, limit: int, what: str = "That") -> None:
    """Raises ``InputError`` where what a visitor gave is longer than ``limit`` characters."""
    if length > limit:
        raise InputError(
            f"{what} is over the {limit:,} characters that are taken here. For more, use the "
            "command line: python -m ner evaluate."
        )


def read_json(path: Path, error: type[NerError] = InputError) -> dict[str, Any]:
    """The JSON object in a file; raises ``error`` where there is no such file or object.

    ``error`` is a class that takes a sentence.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise error(f"There is no {name}.") from missing
    # Nesting without end is an error of recursion.
    except (OSError, ValueError, RecursionError) as reason:
        raise error(f"{name} can't be read as JSON.") from reason
    if not isinstance(found, dict):
        raise error(f"{name} is not a JSON object.")
    return found


@contextmanager
def atomically(target: Path) -> Iterator[Path]:
    """A path beside ``target`` to write to; renamed to it if all went well, else removed.

    Write a file there, or make a folder of it: either takes the place of what ``target`` was. A
    file is on disk before it is renamed. Folders above are made; ``OSError`` is raised as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (target.with_name(f".{target.name}.{end}") for end in ("new", "old"))
    _remove(fresh)
    _remove(old)
    try:
        yield fresh
        if fresh.is_dir():
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        else:
            with fresh.open("rb+") as file:
                os.fsync(file.fileno())
            fresh.replace(target)
    finally:
        _remove(fresh)
        if not target.exists() and old.exists():
            old.rename(target)
        _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def neutralize(cell: str) -> str:
    """``cell`` with an apostrophe before it where a spreadsheet could run it as a formula.

    The page's script has the same rule (``assets/ui/common/csv.js``).

    >>> neutralize("=1+1"), neutralize(" @SUM(A1)"), neutralize("Ada")
    ("'=1+1", "' @SUM(A1)", 'Ada')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def write_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text, CRLF at their ends; texts are neutralized, numbers stay."""
    buffer = StringIO()
    csv.writer(buffer).writerows(
        [neutralize(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return buffer.getvalue()
