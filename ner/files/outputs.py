"""Tagged rows as files: JSON lines, CSV, CoNLL, redacted text, and a report in HTML.

Every kind but the report is written row by row, so what stands in the file never depends on what
follows. The report is made of the JSON lines once they are all there.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ner import render, schema
from ner.entities import Entity, Explained, Tagged, bio_tags
from ner.errors import FileFormatError
from ner.files.formats import annotate, check_conll_labels, conll_lines
from ner.files.rows import Row
from ner.spreadsheet import write_csv

CSV_COLUMNS = ("line", "start", "end", "label", "score", "text")
CSV_RULE = (
    "In CSV a cell that a spreadsheet could take for a formula (it begins with =, +, -, @, also "
    "full width, or with a tab, line end or NUL) gets an apostrophe before it. JSON lines keep it "
    "as it is."
)

# What the report shows, and how many different names it keeps count of at a time.
_ROWS_SHOWN = 20
_CHARACTERS_SHOWN = 2_000
_NAMES_SHOWN = 25
_NAMES_COUNTED = 200_000

Report = Callable[[Iterable[str], Mapping[str, str]], Iterator[str]]


@dataclass(frozen=True)
class Output:
    """How one kind of file is written.

    ``row`` makes what stands in the file for one row of the input and its tagging; it raises
    ``ValueError`` for a row that can't stand there. ``header`` comes before all rows. ``report``,
    where there is one, makes the file of all that was written and facts on the run.
    ``check_labels`` raises ``InputError`` for labels that can't stand in any row.
    """

    header: str
    row: Callable[[Row, Tagged], str]
    report: Report | None = None
    check_labels: Callable[[Iterable[str]], None] | None = None


def output_for(path: Path) -> Output:
    """The kind of file that the ending of ``path`` asks for. Raises ``FileFormatError``."""
    try:
        return OUTPUTS[path.suffix.lower()]
    except KeyError as error:
        raise FileFormatError(
            path, None, f"can't be written; expected a name ending in {', '.join(OUTPUTS)}."
        ) from error


def json_row(row: Row, tagged: Tagged) -> str:
    """``{"line", "text", "entities"}``, everything as it was found."""
    record = {"line": row.line, **schema.tagged_json(tagged)}
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def csv_rows(row: Row, tagged: Tagged) -> str:
    """One CSV row for each entity, see ``CSV_COLUMNS`` and ``CSV_RULE``."""
    return write_csv(
        (row.line, entity.start, entity.end, entity.label, f"{entity.score:.6f}", spelled)
        for entity in tagged.entities
        for spelled in [tagged.spelled(entity)]
    )


def conll_rows(row: Row, tagged: Tagged) -> str:
    """``token<TAB>tag`` lines and a blank one.

    The tokens are the input's where it has some, and an entity takes each token that it touches;
    else they are as `ner.files.formats.annotate` parts them.
    """
    if row.tokens is None:
        lines = conll_lines([annotate(tagged)] if tagged.text.strip() else [])
        return "".join(f"{line}\n" for line in lines)
    tags = bio_tags(tagged.entities, row.tokens)
    spelled = (tagged.text[start:end] for start, end in row.tokens)
    return "".join(f"{token}\t{tag}\n" for token, tag in zip(spelled, tags, strict=True)) + "\n"


def redacted_row(_row: Row, tagged: Tagged) -> str:
    """The text on one line, ``[PER]`` in the place of each person; line ends become spaces."""
    parts = []
    position = 0
    for entity in tagged.entities:
        parts.append(f"{tagged.text[position : entity.start]}[{entity.label}]")
        position = entity.end
    parts.append(tagged.text[position:])
    return re.sub(r"\r\n|[\r\n]", " ", "".join(parts)) + "\n"


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
        mine = [(name, times) for (one, name), times in self.names.items() if one == label]
        return sorted(mine, key=lambda item: (-item[1], item[0]))[:count]


def report(lines: Iterable[str], facts: Mapping[str, str]) -> Iterator[str]:
    """A page of its own with counts per label, frequent names and the first rows.

    ``lines`` are those of `json_row`; ``facts`` are shown as they are, escaped.
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
    yield from (f'<li value="{number}">{shown(tagged, classes)}</li>\n' for number, tagged in first)
    yield "</ol></body></html>\n"


def parse_json_row(line: str) -> tuple[int, Tagged]:
    """What `json_row` wrote; an entity's score is rounded."""
    record = json.loads(line)
    entities = tuple(
        Entity(one["start"], one["end"], one["label"], one["score"]) for one in record["entities"]
    )
    return record["line"], Tagged(record["text"], entities)


def shown(tagged: Tagged, classes: Mapping[str, str]) -> str:
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

OUTPUTS: Mapping[str, Output] = {
    ".jsonl": Output("", json_row),
    # The mark makes spreadsheets read it as UTF-8; pandas skips it.
    ".csv": Output("\ufeff" + write_csv([CSV_COLUMNS]), csv_rows),
    ".conll": Output("", conll_rows, check_labels=check_conll_labels),
    ".txt": Output("", redacted_row),
    ".html": Output("", json_row, report),
}
