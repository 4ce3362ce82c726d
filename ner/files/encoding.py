"""The bytes of a file as text: archives refused, the encoding found or checked, lines split.

A line ends at LF, CRLF or CR, never at U+2028 or a form feed.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from ner.errors import FileFormatError, InputError

# What a file begins with that is no text, whatever its name says.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive (or an Office file)"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"%PDF-", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\0", "an SQLite database"),
    *((b"BZh%d1AY&SY" % level, "a bzip2 archive") for level in range(1, 10)),
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def replace_surrogates(text: str) -> str:
    """``text`` with U+FFFD for each lone surrogate, which no encoding has; offsets stay."""
    return _SURROGATE.sub("\ufffd", text)


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their ends (LF, CRLF or CR; never U+2028), streamed.

    The encoding is UTF-8, or UTF-16 by its byte-order mark; a mark is not part of the text.
    Raises ``FileFormatError`` for anything else, and when the file can't be opened.
    """
    number = 0
    try:
        with path.open("rb") as binary:
            encoding = _marked_encoding(binary.read(4))
        with path.open(encoding=encoding) as file:
            for number, line in enumerate(file, start=1):
                if "\0" in line:
                    raise FileFormatError(
                        path, number, "a NUL character; save the file as text in UTF-8."
                    )
                yield line.rstrip("\n")
    except UnicodeError as error:
        raise FileFormatError(
            path, None, f"not {encoding} after line {number:,}; save the file as UTF-8."
        ) from error
    except OSError as error:
        raise FileFormatError(path, None, f"can't be read ({error.strerror}).") from error


def text_lines(text: str) -> list[str]:
    """The lines of a pasted text without their ends (LF, CRLF or CR; never U+2028)."""
    return [line.rstrip("\n") for line in io.StringIO(text, newline=None)]


def refuse_binary(path: Path, head: bytes) -> None:
    """Raise ``FileFormatError`` where the first bytes are none, or those of an archive or so."""
    if not head:
        raise FileFormatError(path, None, "it is empty.")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise FileFormatError(
                path, None, f"it is {what}, not text; nothing was unpacked. Give the file within."
            )


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


def survey(path: Path, codec: str) -> tuple[str, int]:
    """The SHA-256 of a file and how many lines it has.

    Raises ``FileFormatError``, with the line, for what ``codec`` can't decode.
    """
    # Makes every line end one LF, also where it lies across two blocks.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(), translate=True)
    digest = hashlib.sha256()
    ends = 0
    last = ""
    with path.open("rb") as file:
        for block in chain(iter(partial(file.read, 1 << 20), b""), [b""]):
            digest.update(block)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError as error:
                bad = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                raise FileFormatError(
                    path,
                    ends + bad.count(b"\n") + 1,
                    f"not {codec.removesuffix('-sig')}. Choose its encoding, such as cp1252 for "
                    "a file from Windows, or save it as UTF-8.",
                ) from error
            ends += text.count("\n")
            last = text[-1:] or last
    return digest.hexdigest(), ends + (last != "\n")


def _marked_encoding(head: bytes) -> str:
    """The encoding that the first bytes of a file announce."""
    return "UTF-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "UTF-8-SIG"


def check_length(length: int, limit: int, what: str = "That") -> None:
    """Raises ``InputError`` where what a visitor gave is longer than ``limit`` characters."""
    if length > limit:
        raise InputError(
            f"{what} is over the {limit:,} characters that are taken here. For more, use the "
            "command line: python -m ner evaluate."
        )


def bounded_lines(file: Path, limit: int) -> Iterator[str]:
    """The lines of an uploaded file, read no further than ``limit`` characters; see `read_lines`.

    Raises ``InputError`` where it has more.
    """
    # A character has four bytes or fewer, so that even one endless line is refused unread.
    if file.is_file():
        check_length(file.stat().st_size // 4, limit, file.name)
    length = 0
    for line in read_lines(file):
        length += len(line) + 1
        check_length(length, limit, file.name)
        yield line
