"""The report on a tagged file."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fakes import DictionaryTagger

from files.samples import a_file, tag
from ner.entities import Entity, Tagged
from ner.files.read import Row
from ner.files.report import report
from ner.files.write import TaggedRow, output_for


def plain(page: str) -> str:
    """Without how its cells look."""
    return re.sub(r' (class="number "|scope="row")', "", page)


def test_the_report_counts_and_is_inert(tmp_path: Path) -> None:
    """Counts per label and name; markup from texts, labels and file names is only text."""
    nasty = "<script>alert(1)</script>"
    words = {"Berlin": ("LOC", 0.9), nasty.split(">", 1)[0][1:]: (nasty, 0.9)}
    file = a_file(tmp_path, "in.txt", ["Berlin, Berlin", f"{nasty} onerror=x"])
    out = tmp_path / "out.html"
    tag(file, out, DictionaryTagger(words))
    page = plain(out.read_text())

    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert "script" not in tags
    assert "<td>2</td><td>1</td>" in page
    assert "<th>Berlin</th><td>2</td>" in page
    assert "2, of which 2 tagged and 0 failed" in page


def test_names_are_counted_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit rare names are forgotten, frequent ones and labels are not, and it is said."""
    names = ["Berlin", "Ulm"]
    texts = [Tagged(name, (Entity(0, len(name), "LOC"),)) for name in names]
    lines = [output_for(Path("a.html")).row(TaggedRow(Row(1, one.text), one)) for one in texts]
    assert "<td>2</td><td>2</td>" in plain(report(lines, {}))
    assert "rare ones" not in report(lines, {})
    monkeypatch.setattr("ner.files.report._NAMES_COUNTED", 2)
    other = "".join(lines[1].replace("Ulm", name) for name in ("Bonn", "Jena"))
    short = plain(report([*lines, *lines[:1], *other.splitlines()], {}))
    assert "<td>5</td><td>at least 2</td>" in short
    assert "<th>Berlin</th><td>2</td>" in short
    assert "rare ones were not counted" in short
