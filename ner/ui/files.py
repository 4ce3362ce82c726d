"""Tab 'Files': a file of texts in, a file of entities out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from ner import schema
from ner.entities import Tagger
from ner.errors import Failure, InputError, one_of
from ner.files import batch
from ner.files.batch import Step, errors_file
from ner.files.csv_records import BadRow
from ner.files.read import ENDINGS, Format, Source, inspect
from ner.files.report import excerpt
from ner.files.write import CSV_RULE
from ner.markup import colour_classes, macro, notice
from ner.serving.bounds import Bounds
from ner.stats import count_of
from ner.tagging.choice import Choice
from ner.ui.forms import Pickers, aggregation_picker, button, html
from ner.ui.jobs import JOB, QUIET, Run, Site, job, stop

_ENCODINGS = {
    "UTF-8, or UTF-16 by its mark": "",
    "Windows (cp1252)": "cp1252",
    "Latin-1": "latin-1",
    "UTF-16, little endian": "utf-16-le",
    "UTF-16, big endian": "utf-16-be",
}
# What the name of a result ends in; that of the visitor's own rows has an ending for its format.
_REDACTED = "redacted"
_OWN = ("tagged", _REDACTED)
_KINDS = {
    "Your file, with entities": "tagged",
    "Your file, redacted": _REDACTED,
    "JSON lines: everything, as found": "entities.jsonl",
    "CSV: a row for each entity": "entities.csv",
    "CoNLL: a tag for each token": "entities.conll",
    "HTML report: counts and names": "entities.html",
    "Lines of text with [PER] for a name": "redacted.txt",
}
_SIDES = {"B": "right", "A": "left", "Both, with differences": "both"}
# Small, so that progress shows and Stop is heard at once.
_CHUNK_ROWS = 200
_ROWS_SHOWN, _FAILURES_SHOWN = 5, 10


def _outcome(text: str, kind: str = "hint") -> tuple[str, dict[str, Any]]:
    """A sentence in the place of a result, and no files."""
    return notice(text, kind), gr.update(visible=False, value=None)


@job(_outcome)
def tag_file(
    run: Run,
    path: str | None,
    encoding: str,
    column: str | None,
    left: str,
    right: str,
    device: str,
    side: str,
    aggregation: str,
    threshold: float,
    labels: str | None,
    kind: str,
) -> Iterator[Any]:
    """Progress with the first rows, then the outcome and the files."""
    if path is None:
        yield _outcome("Choose a file first.")
        return
    one_of(_KINDS.values(), kind, "kind of result")
    one_of(_SIDES.values(), side, "side")
    source = _inspect(path, encoding, run.bounds).choose(column or None)
    _check_rows(source, run.bounds.file_rows)
    # How large the result will be is a guess: as large as the file.
    _check_room(run, source.path.stat().st_size)
    choice = Choice.parse(aggregation, threshold, labels)
    pair = {"both": (left, right), "left": (left, left)}.get(side, (right, right))
    sides = yield from run.open(*pair, device)
    asked = sides.both if side == "both" else (sides.left,)
    taggers = [one.tagger.using(choice) for one in asked]
    provenance = schema.provenance_json([one.origin for one in asked], choice)
    with TemporaryDirectory(prefix="ner-") as folder:
        ending = ".jsonl" if source.format is Format.JSONL else ".csv"
        out = Path(folder) / f"{source.path.stem}.{kind}{ending if kind in _OWN else ''}"
        yield from _tagged(run, source, taggers, out, provenance, kind)


def _tagged(
    run: Run,
    source: Source,
    taggers: Sequence[Tagger],
    out: Path,
    provenance: dict[str, Any],
    kind: str,
) -> Iterator[Any]:
    """Each step of the run, then the files, which count against the quota of all."""
    classes = colour_classes(taggers[0].labels)
    rows: list[dict[str, object]] = []
    steps = batch.run(
        source,
        taggers,
        out,
        provenance=provenance,
        redact=kind == _REDACTED,
        own=kind in _OWN,
        chunk_rows=_CHUNK_ROWS,
    )
    with (yield from run.place()):
        for step in steps:
            results = step.results[: _ROWS_SHOWN - len(rows)]
            rows += [excerpt(one.row.line, one.tagged, classes) for one in results]
            yield _running(step, rows), gr.update(visible=False, value=None)
            if run.stopped():
                yield _outcome(run.site.service.readiness.ended)
                return
    files = [file for file in (out, errors_file(out)) if file.exists()]
    run.site.service.quota.add(sum(file.stat().st_size for file in files))
    yield _finished(step, out, rows), gr.update(visible=True, value=[str(it) for it in files])


def _check_room(run: Run, size: int) -> None:
    """Refuse before the work what there would be no room for."""
    quota = run.site.service.quota
    wait = quota.wait(size)
    if wait:
        raise Failure(f"Too many files are kept. They {quota.room_again(wait)}")


def _inspect(path: str, encoding: str, bounds: Bounds) -> Source:
    file = Path(path)
    if file.stat().st_size > bounds.file_bytes:
        raise InputError(
            f"{file.name} has {file.stat().st_size / 1e6:,.1f} MB; the page takes "
            f"{bounds.file_bytes // 1_000_000}. Use the command line: python -m ner batch."
        )
    if encoding not in _ENCODINGS.values():
        raise InputError(f"There is no encoding {str(encoding)[:40]!r} to choose.")
    return inspect(file, encoding=encoding or None)


def _check_rows(source: Source, most: int) -> None:
    """Refuse too long a file before anything is tagged."""
    if next(islice(source.rows(), most, None), None) is not None:
        raise InputError(
            f"{source.path.name} has more than {most:,} rows. Give a part of it, or use the "
            "command line: python -m ner batch."
        )


def _no_column(text: str, kind: str = "hint") -> tuple[str, dict[str, Any]]:
    """A sentence in the place of a description, and no column to choose."""
    return text and notice(text, kind), gr.update(visible=False, choices=[], value=None)


@job(_no_column)
def inspect_file(run: Run, path: str | None, encoding: str) -> Iterator[Any]:
    """What the file is, and its columns to choose from."""
    if path is None:
        yield _no_column("")
        return
    source = _inspect(path, encoding, run.bounds)
    columns = list(dict.fromkeys(source.columns))
    column = gr.update(visible=bool(columns), choices=columns, value=source.column)
    yield notice(_describe(source)), column


def _describe(source: Source) -> str:
    """Format, encoding, lines, and where the texts are taken from."""
    lines = count_of(source.lines, "line")
    what = f"{source.format.upper()}, {source.encoding.upper()}, {lines}."
    if source.column is not None:
        return f"{what} The texts seem to be in {source.column!r}; choose another column if not."
    if source.format is Format.JSONL and not source.columns:
        return f"{what} None of its first objects has a text."
    return f"{what} Choose the column with the texts." if source.columns else what


def _running(step: Step, rows: Sequence[Mapping[str, object]]) -> str:
    """How far a run is, and its first rows."""
    return macro("ner.ui", "files.html", "running", step.progress, step.fraction, rows)


def _finished(step: Step, out: Path, rows: Sequence[Mapping[str, object]]) -> str:
    """What was done, what to beware of, what failed, and the first rows."""
    found = count_of(step.entities, "entity")
    done = f"{step.outcome}, {step.rate:,.0f} rows a second; {found} found."
    failures, problem = [], ""
    if step.failed:
        file = errors_file(out)
        with file.open(encoding="utf-8", newline="\n") as lines:
            failures = [BadRow(**json.loads(line)) for line in islice(lines, _FAILURES_SHOWN)]
        more = f" The first {len(failures)}:" if step.failed > len(failures) else ""
        problem = f"Rows that could not be tagged: {step.failed:,}. They are in {file.name}.{more}"
    rule = CSV_RULE if out.name.endswith("entities.csv") else ""
    warnings = step.warnings
    return macro("ner.ui", "files.html", "finished", done, warnings, rule, problem, failures, rows)


def _limits(bounds: Bounds) -> str:
    """What the page takes; the command line takes files of any length."""
    return (
        "Finds the names in each row of a CSV, TSV, JSONL, TXT or CoNLL file, up to "
        f"{bounds.file_bytes // 1_000_000} MB and {bounds.file_rows:,} rows, and gives a file "
        "back. Both are deleted here within two hours. For longer files use the command line: "
        "python -m ner batch FILE --out OUT."
    )


def add_files_tab(site: Site, pickers: Pickers) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    bounds = site.service.bounds
    html(notice(_limits(bounds)), elem_classes="ner")
    file = gr.File(
        label="File of texts", file_types=list(ENDINGS), height=130, elem_id="texts-file"
    )
    about = html("", "file-about", elem_classes="ner")
    with gr.Row(elem_classes="fields"):
        encoding = _dropdown("Encoding", _ENCODINGS, "")
        column = gr.Dropdown([], label="Column", visible=False, elem_id="column")
        side = _dropdown("Tag with", _SIDES, "right")
        kind = _dropdown("Result", _KINDS, "tagged", elem_id="file-kind")
        aggregation = aggregation_picker()
        threshold = gr.Number(0.0, label="Threshold", minimum=0.0, maximum=1.0, step=0.05)
        labels = gr.Textbox(label="Only labels", placeholder="all, or PER,LOC")
    with gr.Row(elem_classes="run"):
        start = button("Tag the file", "tag-file", variant="primary")
        ended = button("Stop", "stop-file")
    results = gr.File(
        label="Results",
        file_count="multiple",
        interactive=False,
        visible=False,
        elem_id="file-results",
    )
    outcome = html("", "file-outcome", elem_classes="ner")
    gr.on(
        [file.change, encoding.input],
        inspect_file(site),
        [file, encoding],
        [about, column],
        **JOB,
    )
    settings = [side, aggregation, threshold, labels, kind]
    inputs = [file, encoding, column, *pickers.inputs, *settings]
    start.click(tag_file(site), inputs, [outcome, results], **JOB)
    ended.click(stop(site, "tag_file"), None, None, queue=False, **QUIET)


def _dropdown(label: str, choices: dict[str, str], value: str, **settings: Any) -> gr.Dropdown:  # noqa: ANN401
    return gr.Dropdown(list(choices.items()), value=value, label=label, **settings)
