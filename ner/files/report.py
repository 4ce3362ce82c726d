"""The report on a tagged file, a page of HTML: counts per label, frequent names, first rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from ner.colours import colour_classes, colours_css
from ner.entities import Entity, Explained, Tagged
from ner.markup import marked_text, render
from ner.tables import Cell, Table, count, html

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
            self.names = Counter({key: n - 1 for key, n in self.names.items() if n > 1})

    def frequent(self, label: str, most: int) -> list[tuple[str, int]]:
        """The most frequent names of ``label``; those with equal counts in alphabetical order."""
        mine = [(name, times) for (found, name), times in self.names.items() if found == label]
        return sorted(mine, key=lambda item: (-item[1], item[0]))[:most]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of the text in a line, its entities marked; ``cut`` if more follows."""

    line: int
    marked: Markup
    cut: bool


def report(lines: Iterable[str], facts: Mapping[str, str]) -> str:
    """A page of its own with counts per label, frequent names and the first rows.

    ``lines`` are JSON lines of `ner.files.write`; ``facts`` are shown as they are, escaped.
    """
    counted = Frequencies()
    first: list[tuple[int, Tagged]] = []
    for line in lines:
        number, tagged = parse_json_row(line)
        counted.add(tagged)
        if len(first) < _ROWS_SHOWN:
            first.append((number, tagged))
    classes = colour_classes(sorted(counted.labels))
    return render(
        "ner.files",
        "report.html",
        colours=colours_css(),
        tables=map(html, _tables(counted, facts)),
        rows=[excerpt(number, tagged, classes) for number, tagged in first],
    )


def _tables(counted: Frequencies, facts: Mapping[str, str]) -> Iterator[Table]:
    names = Counter(label for label, _ in counted.names)
    at_least = "at least " if counted.lowered else ""
    forgotten = (
        "There are so many different names that some were forgotten; the counts of names are too "
        f"low by at most {counted.lowered:,}."
    )
    yield Table.of("This file", ("", ""), list(facts.items()))
    yield Table.of(
        "Labels",
        ("Label", "Entities", "Different names"),
        [
            (label, count(times), Cell(f"{at_least}{names[label]:,}", value=names[label]))
            for label, times in counted.labels.most_common()
        ],
        forgotten if counted.lowered else "",
    )
    for label, _ in counted.labels.most_common():
        frequent = counted.frequent(label, _NAMES_SHOWN)
        rows = [(name, count(times)) for name, times in frequent]
        yield Table.of(f"Most frequent: {label}", ("Name", "Times"), rows)


def parse_json_row(line: str) -> tuple[int, Tagged]:
    """One of those lines; an entity's score is rounded."""
    record = json.loads(line)
    entities = tuple(
        Entity(span["start"], span["end"], span["label"], span["score"])
        for span in record["entities"]
    )
    return record["line"], Tagged(record["text"], entities)


def excerpt(line: int, tagged: Tagged, classes: Mapping[str, str]) -> Excerpt:
    """The beginning of a text, with the entities that lie in it; ``classes`` by label."""
    text = tagged.text[:_CHARACTERS_SHOWN]
    kept = tuple(entity for entity in tagged.entities if entity.end <= len(text))
    marked = marked_text(Explained(Tagged(text, kept), ()), classes)
    return Excerpt(line, marked, cut=len(text) < len(tagged.text))
