"""Bytes as text: the encoding found or chosen, archives refused, lines at line ends only."""

from __future__ import annotations

import codecs
import io
import zipfile
from pathlib import Path

import pytest

from files.samples import written
from ner.errors import FileFormatError, InputError
from ner.files.read import Row, inspect

ZURICH = "Zürich – «é»"
BIG, LITTLE = "utf-16-be", "utf-16-le"
# What is chosen, and the bytes that are then read as that text.
READ = [
    (None, ZURICH.encode()),
    (None, ZURICH.encode("utf-8-sig")),
    (None, ZURICH.encode("utf-16")),
    ("cp1252", ZURICH.encode("cp1252")),
    (BIG, ZURICH.encode(BIG)),
    # A mark is no text, and tells the order of bytes whatever was chosen.
    *((chosen, codecs.BOM_UTF16_LE + ZURICH.encode(LITTLE)) for chosen in (LITTLE, BIG, "UTF-16")),
    *((chosen, codecs.BOM_UTF16_BE + ZURICH.encode(BIG)) for chosen in (LITTLE, BIG, "UTF-16")),
]


@pytest.mark.parametrize(("chosen", "content"), READ)
def test_encodings(tmp_path: Path, chosen: str | None, content: bytes) -> None:
    """UTF-8 with and without a mark and UTF-16 are told by themselves, others are chosen."""
    file = written(tmp_path, "a.txt", content)

    assert [Row(1, ZURICH)] == list(inspect(file, encoding=chosen).rows())


def test_no_silent_mojibake(tmp_path: Path) -> None:
    """What is not UTF-8 is refused with its line and what to do, also far into the file."""
    file = written(tmp_path, "a.txt", b"fine\n" * 300_000 + b"caf\xe9\n")

    with pytest.raises(
        FileFormatError,
        match="line 300001: not UTF-8; it looks like cp1252: add",
    ):
        inspect(file)
    assert "café" == list(inspect(file, encoding="latin-1").rows())[-1].text
    with pytest.raises(FileFormatError, match="not UTF-8"):
        inspect(written(tmp_path, "cut.txt", "é".encode()[:1]))


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    """Also a codec that is none of text, and the one that refuses every text."""
    file = written(tmp_path, "a.txt", "a")

    for name in ("klingon", "zlib", "undefined"):
        with pytest.raises(InputError, match="no text encoding"):
            inspect(file, encoding=name)


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "a.conll"])
def test_archives_are_refused_by_their_first_bytes(tmp_path: Path, name: str) -> None:
    """Whatever they are called; nothing is unpacked."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bomb.csv", "0" * 1_000_000)
    for content in (archive.getvalue(), b"%PDF-1.7", b"PAR1"):
        with pytest.raises(FileFormatError, match="not text; nothing was unpacked"):
            inspect(written(tmp_path, name, content))
