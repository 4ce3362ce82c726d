"""The report on a tagged file, a page of HTML: counts per label, frequent names, first rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ner.entities import Entity, Explained, Tagged
from ner.markup import colour_classes, marked_text, render
from ner.schema import Json
from ner.tables import Cell, Table, count, html

# What the report shows, and how many different names it keeps count of at a time.
_ROWS_SHOWN = 20
_CHARACTERS_SHOWN = 2_000
_NAMES_SHOWN = 25
_NAMES_COUNTED = 200_000


def write_report(lines: Iterable[str], made: Path, facts: Mapping[str, str]) -> None:
    """Write a page of its own with counts per label, frequent names and the first rows.

    ``lines`` are JSON lines of `ner.files.write`; ``facts`` are shown as they are, escaped.
    """
    labels: Counter[str] = Counter()
    names: Counter[tuple[str, str]] = Counter()
    forgotten = False
    first: list[Json] = []
    for line in lines:
        row = json.loads(line)
        for entity in row["entities"]:
            labels[entity["label"]] += 1
            # Names that differ in white space only are one.
            names[entity["label"], " ".join(entity["text"].split())] += 1
        if len(names) > _NAMES_COUNTED:
            names = Counter(dict(names.most_common(_NAMES_COUNTED // 2)))
            forgotten = True
        if len(first) < _ROWS_SHOWN:
            first.append(row)
    classes = colour_classes(sorted(labels))
    about = Table.of("This file", ("", ""), list(facts.items()))
    page = render(
        "ner.files",
        "report.html",
        tables=map(html, [about, *_tables(labels, names, forgotten=forgotten)]),
        rows=[excerpt(row["line"], _tagged(row), classes) for row in first],
    )
    made.write_text(page, encoding="utf-8", errors="replace", newline="\n")


def _tables(
    labels: Counter[str], names: Counter[tuple[str, str]], *, forgotten: bool
) -> Iterator[Table]:
    different = Counter(label for label, _ in names)
    at_least = "at least " if forgotten else ""
    note = "There are so many different names that rare ones were not counted to the end."
    yield Table.of(
        "Labels",
        ("Label", "Entities", "Different names"),
        [
            (label, count(times), Cell(f"{at_least}{different[label]:,}", value=different[label]))
            for label, times in labels.most_common()
        ],
        note if forgotten else "",
    )
    ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    for label, _ in labels.most_common():
        rows = [(name, count(times)) for (found, name), times in ranked if found == label]
        yield Table.of(f"Most frequent: {label}", ("Name", "Times"), rows[:_NAMES_SHOWN])


def _tagged(row: Json) -> Tagged:
    """What was found in a row; a score is rounded."""
    found = (
        Entity(one["start"], one["end"], one["label"], one["score"]) for one in row["entities"]
    )
    return Tagged(row["text"], tuple(found))


def excerpt(line: int, tagged: Tagged, classes: Mapping[str, str]) -> dict[str, object]:
    """The line and beginning of a text, its entities marked, and whether more follows."""
    text = tagged.text[:_CHARACTERS_SHOWN]
    kept = tuple(entity for entity in tagged.entities if entity.end <= len(text))
    marked = marked_text(Explained(Tagged(text, kept), ()), classes)
    return {"line": line, "marked": marked, "cut": len(text) < len(tagged.text)}
