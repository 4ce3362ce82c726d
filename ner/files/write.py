"""Tagged rows as files: JSON lines, CSV, CoNLL, redacted text, and a report in HTML.

Every kind but the report is written row by row, so what stands in the file never depends on what
follows. The report is made of the JSON lines once they are all there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ner import schema
from ner.entities import Tagged, bio_tags
from ner.errors import FileFormatError
from ner.files.conll import check_conll_labels, conll_lines, token_lines
from ner.files.gold import annotate
from ner.files.read import Row
from ner.files.report import report
from ner.spreadsheet import write_csv

CSV_COLUMNS = ("line", "start", "end", "label", "score", "text")
CSV_RULE = (
    "In CSV a cell that a spreadsheet could take for a formula (it begins with =, +, -, @, also "
    "full width, or with a tab, line end or NUL) gets an apostrophe before it. JSON lines keep it "
    "as it is."
)
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
    else they are as `ner.files.gold.annotate` parts them.
    """
    if row.tokens is not None:
        tokens = (tagged.text[start:end] for start, end in row.tokens)
        lines = token_lines(tokens, bio_tags(tagged.entities, row.tokens))
    else:
        lines = conll_lines([annotate(tagged)] if tagged.text.strip() else [])
    return "".join(f"{line}\n" for line in lines)


def redacted_row(_row: Row, tagged: Tagged) -> str:
    """The text on one line, ``[PER]`` in the place of each person; line ends become spaces."""
    parts = []
    position = 0
    for entity in tagged.entities:
        parts.append(f"{tagged.text[position : entity.start]}[{entity.label}]")
        position = entity.end
    parts.append(tagged.text[position:])
    return re.sub(r"\r\n|[\r\n]", " ", "".join(parts)) + "\n"


OUTPUTS: Mapping[str, Output] = {
    ".jsonl": Output("", json_row),
    # The mark makes spreadsheets read it as UTF-8; pandas skips it.
    ".csv": Output("\ufeff" + write_csv([CSV_COLUMNS]), csv_rows),
    ".conll": Output("", conll_rows, check_labels=check_conll_labels),
    ".txt": Output("", redacted_row),
    ".html": Output("", json_row, report),
}
