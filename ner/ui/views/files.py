"""What tab 'Files' says of a file, of a run over it, and before there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from markupsafe import Markup

from ner.colours import colour_classes
from ner.entities import Entity, Tagged
from ner.files.csv_records import BadRow
from ner.files.read import Format, Source
from ner.files.report import Excerpt, excerpt
from ner.files.resume import Step, errors_file
from ner.files.write import CSV_RULE, TaggedRow
from ner.markup import macro
from ner.serving.bounds import Bounds

_FAILURES_SHOWN = 10
# What a first visitor sees in the place of a result.
_EXAMPLE = (
    ("The parcel from Nairobi reached Elena Petrova on Monday.", ("Nairobi", "Elena Petrova")),
    ("Great service, thank you!", ()),
    ("Siemens opened a second plant near Porto.", ("Siemens", "Porto")),
)
_LABELS = {"Nairobi": "LOC", "Porto": "LOC", "Elena Petrova": "PER", "Siemens": "ORG"}


def limits(bounds: Bounds) -> str:
    """What the page takes; the command line takes files of any length."""
    return (
        "Finds the names in each row of a CSV, TSV, JSONL, TXT or CoNLL file, up to "
        f"{bounds.file_bytes // 1_000_000} MB and {bounds.file_rows:,} rows, and gives a file "
        "back. Both are deleted here within two hours. For longer files use the command line: "
        "python -m ner batch FILE --out OUT."
    )


def describe(source: Source) -> str:
    """Format, encoding, lines, and where the texts are taken from."""
    lines = "1 line" if source.lines == 1 else f"{source.lines:,} lines"
    what = f"{source.format.upper()}, {source.encoding_name}, {lines}."
    if source.column is not None and not source.guessed:
        return f"{what} The texts are taken from {source.column!r}."
    if source.column is not None:
        return f"{what} The texts seem to be in {source.column!r}; choose another column if not."
    if source.format is Format.JSONL and not source.columns:
        return f"{what} None of its first objects has a text."
    return f"{what} Choose the column with the texts." if source.columns else what


def example(labels: Sequence[str] = ("PER", "ORG", "LOC", "MISC")) -> Markup:
    """The first rows of a result, so that a visitor knows what a file becomes."""
    classes = colour_classes(labels)
    rows = [
        excerpt(line, _marked(text, names), classes)
        for line, (text, names) in enumerate(_EXAMPLE, 1)
    ]
    return macro("ner.ui", "files.html", "example", rows)


def _marked(text: str, names: Sequence[str]) -> Tagged:
    spans = sorted((text.index(name), name) for name in names)
    return Tagged(text, tuple(Entity(at, at + len(name), _LABELS[name]) for at, name in spans))


def excerpts(results: Sequence[TaggedRow], labels: Sequence[str], most: int) -> Iterator[Excerpt]:
    """The first ``most`` rows, with what the first side found in them."""
    classes = colour_classes(labels)
    for result in results[:most]:
        yield excerpt(result.row.line, result.tagged, classes)


def running(step: Step, rows: Sequence[Excerpt]) -> Markup:
    """How far a run is, and its first rows."""
    left = "" if step.seconds_left is None else f", about {step.seconds_left:,.0f} s left"
    done = f"{step.rows:,} rows, {step.fraction:.0%}, {step.rate:,.0f} rows a second{left}"
    return macro("ner.ui", "files.html", "running", done, step.fraction, rows)


@dataclass(frozen=True)
class Finished:
    """What the template lays out at the end of a run."""

    done: str
    warnings: tuple[str, ...]
    rule: str
    problem: str
    failures: list[BadRow]
    rows: Sequence[Excerpt]


def finished(step: Step, out: Path, rows: Sequence[Excerpt]) -> Markup:
    """What was done, what to beware of, what failed, and the first rows."""
    failures = _first_failures(errors_file(out)) if step.failed else []
    shown = Finished(
        done=(
            f"Tagged {step.tagged:,} of {step.rows:,} rows in {step.seconds:.1f} s, "
            f"{step.rate:,.0f} rows a second; {_entities(step.entities)} found."
        ),
        warnings=step.warnings,
        rule=CSV_RULE if out.suffix == ".csv" else "",
        problem=_problem(step, out, len(failures)) if failures else "",
        failures=failures,
        rows=rows,
    )
    return macro("ner.ui", "files.html", "finished", shown)


def _entities(count: int) -> str:
    return "1 entity" if count == 1 else f"{count:,} entities"


def _problem(step: Step, out: Path, shown: int) -> str:
    more = f" The first {shown}:" if step.failed > shown else ""
    file = errors_file(out).name
    return f"Rows that could not be tagged: {step.failed:,}. They are in {file}.{more}"


def _first_failures(file: Path) -> list[BadRow]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        return [BadRow(**json.loads(line)) for line in islice(lines, _FAILURES_SHOWN)]
