"""Reading and writing: lines, JSON, files written whole or not at all, safe cells of CSV."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any, TextIO, cast

from ner.errors import FileFormatError, InputError, NerError

# Line ends, tabs and NUL lead to a new cell or are dropped; spaces, also those of no width, are
# skipped before a formula by some programs.
_FORMULA = re.compile("[\t\r\n\0]|[\\s\ufeff\u200b]*[=+\\-@＝＋－＠]")


# What begins an Office file or an archive of ZIP, xz or Zstandard, a PDF, and a Parquet file.
_NO_TEXT = (b"PK", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"%PDF", b"PAR1")
_GZIP = b"\x1f\x8b"
_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_surrogates(text: str) -> str:
    """``text`` with U+FFFD for each lone surrogate, which no encoding has; offsets stay."""
    return _SURROGATE.sub("\ufffd", text)


def find_codec(encoding: str | None, head: bytes) -> str:
    r"""The name of the codec to read with; a byte-order mark is never part of the text.

    Without ``encoding`` a mark in ``head``, the first bytes, decides; else it is UTF-8. Raises
    ``InputError`` for what is no encoding of text.

    >>> find_codec(None, b"Ada"), find_codec(None, b"\xff\xfeA"), find_codec("latin-1", b"Ada")
    ('utf-8-sig', 'utf-16', 'iso8859-1')
    """
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if encoding is None:
        return "utf-16" if marked else "utf-8-sig"
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    # A codec such as 'undefined' is there, but refuses every text.
    except (LookupError, UnicodeError) as error:
        raise InputError(
            f"There is no text encoding {encoding[:40]!r}. Try utf-8, utf-16, cp1252 or latin-1."
        ) from error
    if marked and name in ("utf-16-le", "utf-16-be"):
        return "utf-16"
    return "utf-8-sig" if name == "utf-8" else name


@contextmanager
def open_text(
    path: Path, encoding: str | None = None, newline: str | None = None
) -> Iterator[TextIO]:
    """A text file, read as `find_codec` says, unpacked where it is gzip.

    Raises ``FileFormatError`` for an archive, for what is not in that encoding, with its line and
    the encoding that it seems to be, and when the file can't be read.
    """
    codec = ""
    try:
        with _open_bytes(path) as binary:
            head = binary.read(16)
            if head.startswith(_NO_TEXT):
                problem = "it is an archive or a document, not text; nothing was unpacked."
                raise FileFormatError(path, None, f"{problem} Give the file within.")
            codec = find_codec(encoding, head)
            binary.seek(0)
            # TextIOWrapper is given a file that is open, so that gzip is read as any other.
            yield TextIOWrapper(binary, encoding=codec, newline=newline)
    except UnicodeError as error:
        raise _wrong_encoding(path, codec) from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileFormatError(path, None, f"can't be read ({reason}).") from error


def _open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _wrong_encoding(path: Path, codec: str) -> FileFormatError:
    """Names the first line that ``codec`` can't decode, and what its encoding seems to be."""
    decoder = codecs.getincrementaldecoder(codec)()
    number = 0
    with _open_bytes(path) as lines:
        for raw in lines:
            number += 1
            try:
                decoder.decode(raw)
            except UnicodeError:
                break
    name = codec.removesuffix("-sig").upper()
    problem = f"not {name}; it looks like cp1252: add --encoding cp1252, or save it as UTF-8."
    return FileFormatError(path, number, problem)


def read_lines(
    path: Path, *, limit: int | None = None, encoding: str | None = None
) -> Iterator[str]:
    """The lines of a text file without their ends (LF, CRLF or CR; never U+2028), streamed.

    It is opened by `open_text`. Raises ``FileFormatError`` as that does, ``InputError`` where it
    has more than ``limit`` characters.
    """
    length = 0
    with open_text(path, encoding) as file:
        # Of an endless line no more is read than shows that it is too long.
        lines = iter(lambda: file.readline(-1 if limit is None else limit + 2), "")
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                problem = "a NUL character; save the file as text in UTF-8, or choose utf-16-le."
                raise FileFormatError(path, number, problem)
            length += len(line)
            if limit is not None:
                check_length(length, limit, path.name)
            yield line.rstrip("\n")


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


def check_out(out: Path, ours: str | None = None) -> None:
    """Raise ``InputError`` where ``out`` has something in it, unless we made it: ``ours`` is there.

    Also where it is a file.
    """
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and (ours is None or not (out / ours).exists()):
        raise InputError(
            f"{out} is not empty, and would be replaced. Give another --out, or remove it."
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def neutralize(cell: str) -> str:
    """``cell`` with an apostrophe before it where a spreadsheet could run it as a formula.

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
