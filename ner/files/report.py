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


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of the text in a line, its entities marked; ``cut`` if more follows."""

    line: int
    marked: Markup
    cut: bool


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """A label: how often it was found, in how many different names, and the most frequent ones.

    ``style`` is its CSS class.
    """

    name: str
    style: str
    entities: int
    names: int
    frequent: list[tuple[str, int]]


def report(lines: Iterable[str], facts: Mapping[str, str]) -> Iterator[str]:
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
    yield render(
        "ner.files",
        "report.html",
        colours=colours_css(),
        facts=facts,
        labels=_label_counts(counted, classes),
        lowered=counted.lowered,
        rows=[excerpt(number, tagged, classes) for number, tagged in first],
    )


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


def _label_counts(counted: Frequencies, classes: Mapping[str, str]) -> list[LabelCounts]:
    """The most frequent label first."""
    names = Counter(label for label, _ in counted.names)
    return [
        LabelCounts(
            label, classes[label], count, names[label], counted.frequent(label, _NAMES_SHOWN)
        )
        for label, count in counted.labels.most_common()
    ]
