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
from ner.files.report import Frequencies, report
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
    """Over the limit rare names are forgotten, frequent ones are kept, and it is said how far."""
    counted = Frequencies(most=10)
    texts = [Tagged(name, (Entity(0, len(name), "LOC"),)) for name in ("Berlin", "Ulm")]
    for number in range(100):
        rare = f"Ort{number}"
        for tagged in (texts[0], Tagged(rare, (Entity(0, len(rare), "LOC"),))):
            counted.add(tagged)

    assert len(counted.names) <= 10
    [(name, times)] = counted.frequent("LOC", 1)
    assert "Berlin" == name
    assert 100 - counted.lowered <= times < 100
    # Labels are few, so their counts stay exact.
    assert counted.labels["LOC"] == 200

    lines = [output_for(Path("a.html")).row(TaggedRow(Row(1, one.text), one)) for one in texts]
    assert "<td>2</td><td>2</td>" in plain(report(lines, {}))
    assert "too low" not in report(lines, {})
    monkeypatch.setattr("ner.files.report.Frequencies", lambda: Frequencies(most=1))
    short = plain(report([lines[0], *lines], {}))
    assert "<td>3</td><td>at least 1</td>" in short
    assert "too low by at most 1." in short
