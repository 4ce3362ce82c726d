"""The report on a tagged file, a page of HTML: counts per label, frequent names, first rows."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ner import render
from ner.entities import Entity, Explained, Tagged

# What the report shows, and how many different names it keeps count of at a time.
_ROWS_SHOWN = 20
_CHARACTERS_SHOWN = 2_000
_NAMES_SHOWN = 25
_NAMES_COUNTED = 200_000


@dataclass
class Frequencies:
    """How often each name was found under each label, in bounded memory.

    When there are more than ``most`` different names, every count is lowered by one and those at
    zero are forgotten (Misra and Gries, 1982); ``lowered`` is how often this has happened, and so
    by how much a count can be too low.
    """

    most: int = _NAMES_COUNTED
    labels: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    lowered: int = 0

    def add(self, tagged: Tagged) -> None:
        """Count the entities of one text; names that differ in white space only are one."""
        for entity in tagged.entities:
            self.labels[entity.label] += 1
            self.names[entity.label, " ".join(tagged.spelled(entity).split())] += 1
        while len(self.names) > self.most:
            self.lowered += 1
            self.names = Counter({key: count - 1 for key, count in self.names.items() if count > 1})

    def frequent(self, label: str, count: int) -> list[tuple[str, int]]:
        """The most frequent names of ``label``; those with equal counts in alphabetical order."""
        mine = [(name, times) for (found, name), times in self.names.items() if found == label]
        return sorted(mine, key=lambda item: (-item[1], item[0]))[:count]


def report(lines: Iterable[str], facts: Mapping[str, str]) -> Iterator[str]:
    """A page of its own with counts per label, frequent names and the first rows.

    ``lines`` are those of `ner.files.write.json_row`; ``facts`` are shown as they are, escaped.
    """
    counted = Frequencies()
    first: list[tuple[int, Tagged]] = []
    for line in lines:
        number, tagged = parse_json_row(line)
        counted.add(tagged)
        if len(first) < _ROWS_SHOWN:
            first.append((number, tagged))
    classes = render.colour_classes(sorted(counted.labels))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Named entities</title>'
        f"<style>{render.colours_css()}\n{_STYLE}</style></head>"
        f"<body><h1>Named entities</h1>\n{render.definitions(list(facts.items()))}\n"
    )
    yield _labels_table(counted, classes)
    if counted.lowered:
        yield render.notice(
            "There are so many different names that some were forgotten; the counts of names are "
            f"too low by at most {counted.lowered:,}."
        )
    yield '<div class="names">'
    yield from (_names_table(label, counted, classes) for label, _ in counted.labels.most_common())
    yield "</div>\n<h2>First rows</h2>\n<ol>\n"
    yield from (
        f'<li value="{number}">{excerpt(tagged, classes)}</li>\n' for number, tagged in first
    )
    yield "</ol></body></html>\n"


def parse_json_row(line: str) -> tuple[int, Tagged]:
    """What `ner.files.write.json_row` wrote; an entity's score is rounded."""
    record = json.loads(line)
    entities = tuple(
        Entity(span["start"], span["end"], span["label"], span["score"])
        for span in record["entities"]
    )
    return record["line"], Tagged(record["text"], entities)


def excerpt(tagged: Tagged, classes: Mapping[str, str]) -> str:
    """The beginning of a text with its entities marked, as escaped HTML."""
    text = tagged.text[:_CHARACTERS_SHOWN]
    kept = tuple(entity for entity in tagged.entities if entity.end <= len(text))
    more = "" if len(text) == len(tagged.text) else " …"
    marked = render.marked_text(Explained(Tagged(text, kept), ()), classes)
    return f'<span class="text" dir="auto">{marked}</span>{more}'


def _labels_table(counted: Frequencies, classes: Mapping[str, str]) -> str:
    different = Counter(label for label, _ in counted.names)
    known = "at least " if counted.lowered else ""
    rows = "".join(
        f"<tr><td>{_label(label, classes)}</td><td>{count:,}</td>"
        f"<td>{known}{different[label]:,}</td></tr>"
        for label, count in counted.labels.most_common()
    )
    head = "<tr><th>Label</th><th>Entities</th><th>Different names</th></tr>"
    return f"<h2>Labels</h2>\n<table>{head}{rows}</table>\n"


def _names_table(label: str, counted: Frequencies, classes: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><td dir="auto">{render.escape(name)}</td><td>{times:,}</td></tr>'
        for name, times in counted.frequent(label, _NAMES_SHOWN)
    )
    head = "<tr><th>Most frequent</th><th>Times</th></tr>"
    return f"<div><h2>{_label(label, classes)}</h2>\n<table>{head}{rows}</table></div>\n"


def _label(label: str, classes: Mapping[str, str]) -> str:
    return f'<span class="l {classes[label]}">{html.escape(label)}</span>'


_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff;
  max-width: 900px; margin: 2em auto; padding: 0 1em; }
dl > div { display: flex; gap: 1em; } dt { min-width: 9em; color: #515c6b; } dd { margin: 0; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 24px 2px 0; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
.names { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.e, .l { background: var(--back); border-radius: 3px; padding: 1px 3px; }
.l { color: var(--front); font-weight: 600; }
.e::after { content: attr(data-l); color: var(--front); font: 600 10px system-ui; margin-left: 4px;
}
.control::before { content: attr(data-name); font: 10px monospace; border: 1px dotted; }
"""
