"""The report on a tagged file."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fakes import DictionaryTagger

from files.samples import a_file, tag


def plain(page: str) -> str:
    """Without how its cells look."""
    return re.sub(r' (class="number "|data-head="[^"]*"|scope="row")', "", page)


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


def test_names_are_counted_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the limit rare names are forgotten, frequent ones and labels are not, and it is said."""
    words = dict.fromkeys(("Berlin", "Ulm", "Bonn", "Jena"), ("LOC", 0.9))
    file, out = a_file(tmp_path, lines=["Berlin, Ulm", "Berlin, Bonn", "Jena"]), tmp_path / "o.html"
    tag(file, out, DictionaryTagger(words))
    whole = plain(out.read_text())
    monkeypatch.setattr("ner.files.report._NAMES_COUNTED", 2)
    tag(file, out, DictionaryTagger(words))
    short = plain(out.read_text())

    assert "<td>5</td><td>4</td>" in whole and "rare ones" not in whole
    assert "<td>5</td><td>at least 2</td>" in short and "rare ones were not counted" in short
    assert "<th>Berlin</th><td>2</td>" in whole and "<th>Berlin</th><td>2</td>" in short
