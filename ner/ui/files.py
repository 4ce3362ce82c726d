"""Tab 'Files': a file of texts in, a file of entities out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from markupsafe import Markup

from ner.colours import colour_classes
from ner.errors import Failure, InputError
from ner.files import batch
from ner.files.batch import Step
from ner.files.csv_records import BadRow
from ner.files.read import ENDINGS, Format, Source, inspect
from ner.files.report import Excerpt, excerpt
from ner.files.resume import errors_file
from ner.files.write import CSV_RULE
from ner.markup import macro, notice
from ner.serving.admission import WAITING
from ner.serving.bounds import Bounds
from ner.serving.gradio_seam import client_address, client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.controls import SideControls
from ner.ui.progress import Loader, catch_failures, describe_failure, open_sides_with_progress
from ner.ui.tag import strategy_dropdown

_ENCODINGS = {
    "UTF-8, or UTF-16 by its mark": "",
    "Windows (cp1252)": "cp1252",
    "Latin-1": "latin-1",
    "UTF-16, little endian": "utf-16-le",
    "UTF-16, big endian": "utf-16-be",
}
_KINDS = {
    "JSON lines: everything, as found": ".jsonl",
    "CSV: a row for each entity": ".csv",
    "CoNLL: a tag for each token": ".conll",
    "Redacted text: [PER] for a name": ".txt",
    "HTML report: counts and names": ".html",
}
# Small, so that progress shows and Stop is heard at once.
_CHUNK_ROWS = 200
_ROWS_SHOWN = 5
_FAILURES_SHOWN = 10

# What `FilesHandler.tag` answers: a result or progress as markup, and the files to download as an
# update of their component, which is hidden where there are none.
Outcome = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What is chosen beside the file, in the order of the components."""

    encoding: str
    column: str | None
    left: str
    right: str
    device: str
    side: str
    strategy: str
    threshold: float
    labels: str | None
    kind: str


@dataclass(frozen=True)
class FilesHandler:
    """What the tab does with files; ``running`` holds, by session, what stops its run.

    Gradio's own way of cancelling an event leaves its button dead, or an error on the page.
    """

    load: Loader
    service: Service
    running: dict[str | None, threading.Event] = field(default_factory=dict, repr=False)

    def inspect(self, path: str | None, encoding: str) -> tuple[str, dict[str, Any]]:
        """What the file is, and its columns to choose from; a sentence if it can't be used."""
        no_column = gr.update(visible=False, choices=[], value=None)
        if path is None:
            return "", no_column
        try:
            source = _inspect(path, encoding, self.service.bounds)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), no_column
        columns = list(dict.fromkeys(source.columns))
        column = gr.update(visible=bool(columns), choices=columns, value=source.column)
        return notice(_describe(source)), column

    def stop(self, request: gr.Request) -> None:
        """End the run of this session after the rows that it is at."""
        if request.session_hash in self.running:
            self.running[request.session_hash].set()

    def tag(
        self, request: gr.Request, path: str | None, *settings: *tuple[Any, ...]
    ) -> Iterator[Outcome]:
        """Progress with the first rows, then the outcome and the files."""
        if path is None:
            yield _message("Choose a file first.")
            return
        stopping = self.running[request.session_hash] = threading.Event()
        try:
            client = client_address(request, self.service.addresses)
            steps = self._tag(path, settings, client)
            yield from catch_failures(self._until_stopped(steps, stopping), _problem)
        finally:
            self.running.pop(request.session_hash, None)

    def _until_stopped(
        self, steps: Iterator[Outcome], stopping: threading.Event
    ) -> Iterator[Outcome]:
        for step in steps:
            yield step
            if stopping.is_set() or self.service.readiness.draining:
                yield _message(self.service.readiness.ended)
                return

    def _tag(self, path: str, values: tuple[Any, ...], client: str | None) -> Iterator[Outcome]:
        settings = Settings(*values)
        source = _inspect(path, settings.encoding, self.service.bounds)
        source = source.choose(settings.column or None)
        _check_rows(source, self.service.bounds.file_rows)
        self._check_room(source, client)
        if settings.kind not in _KINDS.values():
            raise InputError(f"There is no output {str(settings.kind)[:40]!r}.")
        choice = Choice.parse(settings.strategy, settings.threshold, settings.labels)
        name = settings.left if settings.side == "left" else settings.right
        sides = yield from open_sides_with_progress(
            self.load, name, name, settings.device, _progress
        )
        tagger = sides.left.tagger.using(choice)
        facts = batch.run_settings(sides.left.variant, settings.device, choice)
        with TemporaryDirectory(prefix="ner-") as folder:
            out = Path(folder) / f"{source.path.stem}.entities{settings.kind}"
            yield from self._run(source, tagger, out, facts, client)

    def _run(
        self,
        source: Source,
        tagger: batch.ManyTagger,
        out: Path,
        facts: Mapping[str, str],
        client: str | None,
    ) -> Iterator[Outcome]:
        """Each step of the run, then the files, which count against the client's quota."""
        classes = colour_classes(tagger.labels)
        rows: list[Excerpt] = []
        if self.service.long.taken:
            yield _progress(WAITING)
        with self.service.long.slot(disconnected=client_disconnected):
            for step in batch.run(source, tagger, out, settings=facts, chunk_rows=_CHUNK_ROWS):
                for row, tagged in step.results[: _ROWS_SHOWN - len(rows)]:
                    rows.append(excerpt(row.line, tagged, classes))
                yield _without_files(_running(step, rows))
        files = [file for file in (out, errors_file(out)) if file.exists()]
        self.service.quota.add(client, sum(file.stat().st_size for file in files))
        update = gr.update(visible=True, value=[str(file) for file in files])
        yield _finished(step, out, rows), update

    def _check_room(self, source: Source, client: str | None) -> None:
        """Refuse before the work what there would be no room for; how large it is, is a guess."""
        quota = self.service.quota
        wait = quota.until_room(client, source.path.stat().st_size)
        if wait:
            again = quota.room_again(wait)
            raise Failure(f"Too many files are kept for you or for all. They {again}")


def _without_files(markup: str) -> Outcome:
    return markup, gr.update(visible=False, value=None)


def _message(sentence: str, kind: str = "hint") -> Outcome:
    return _without_files(notice(sentence, kind=kind))


_progress, _problem = (partial(_message, kind=kind) for kind in ("progress", "problem"))


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


def _describe(source: Source) -> str:
    what = f"{source.format.upper()}, {source.encoding_name}, {source.lines:,} lines."
    if source.column is not None:
        return f"{what} The texts seem to be in {source.column!r}."
    if source.format is Format.JSONL and not source.columns:
        return f"{what} None of its first objects has a text."
    return f"{what} Choose the column with the texts." if source.columns else what


def _running(step: Step, rows: Sequence[Excerpt]) -> Markup:
    left = "" if step.seconds_left is None else f", about {step.seconds_left:,.0f} s left"
    done = f"{step.rows:,} rows, {step.fraction:.0%}, {step.rate:,.0f} rows a second{left}"
    return macro("ner.ui", "files.html", "running", done, step.fraction, rows)


def _finished(step: Step, out: Path, rows: Sequence[Excerpt]) -> Markup:
    done = (
        f"Tagged {step.tagged:,} of {step.rows:,} rows in {step.seconds:.1f} s, "
        f"{step.rate:,.0f} rows a second."
    )
    rule = CSV_RULE if out.suffix == ".csv" else ""
    failures = _first_failures(errors_file(out)) if step.failed else []
    problem = ""
    if failures:
        more = f" The first {len(failures)}:" if step.failed > len(failures) else ""
        file = errors_file(out).name
        problem = f"Rows that could not be tagged: {step.failed:,}. They are in {file}.{more}"
    return macro("ner.ui", "files.html", "finished", done, rule, problem, failures, rows)


def _first_failures(file: Path) -> list[BadRow]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        return [BadRow(**json.loads(line)) for line in islice(lines, _FAILURES_SHOWN)]


def _limits(bounds: Bounds) -> str:
    """What the page takes; the command line takes files of any length."""
    return (
        f"CSV, TSV, JSONL, TXT or CoNLL of up to {bounds.file_bytes // 1_000_000} MB and "
        f"{bounds.file_rows:,} rows. For longer ones use the command line: python -m ner batch "
        "FILE --out OUT. The file and its results are deleted here within two hours."
    )


def add_files_tab(load: Loader, chosen: SideControls, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    handler = FilesHandler(load, service)
    _html(notice(_limits(service.bounds)))
    file = gr.File(
        label="File of texts", file_types=list(ENDINGS), height=130, elem_id="texts-file"
    )
    about = _html("", elem_id="file-about")
    with gr.Row(elem_classes="settings"):
        encoding = _dropdown("Encoding", list(_ENCODINGS.items()), "")
        column = _dropdown("Column", [], None, visible=False, elem_id="column")
    settings = _settings()
    gr.on(
        [file.change, encoding.input],
        handler.inspect,
        [file, encoding],
        [about, column],
        show_progress="hidden",
        api_visibility="private",
    )
    _add_run(handler, [file, encoding, column, *chosen.inputs, *settings])


def _add_run(handler: FilesHandler, inputs: list[gr.components.Component]) -> None:
    """The buttons, and what comes of them."""
    with gr.Row(elem_classes="settings"):
        start = gr.Button("Tag the file", variant="primary", elem_id="tag-file", scale=0)
        stop = gr.Button("Stop", elem_id="stop-file", scale=0, min_width=80)
    results = gr.File(
        label="Results",
        file_count="multiple",
        interactive=False,
        visible=False,
        elem_id="file-results",
    )
    outcome = _html("", elem_id="file-outcome")
    start.click(
        handler.tag,
        inputs,
        [outcome, results],
        show_progress="hidden",
        # Beside tagging, not before it: the model is shared step by step.
        concurrency_limit=None,
        api_visibility="private",
    )
    stop.click(handler.stop, None, None, queue=False, api_visibility="private")


def _settings() -> list[gr.components.Component]:
    """How it is tagged and what is made of it, in the order of `Settings`."""
    sides = [("B", "right"), ("A", "left")]
    with gr.Row(elem_classes="settings"):
        return [
            _dropdown("Side", sides, "right", look="beside narrow"),
            strategy_dropdown(),
            gr.Number(
                label="Threshold",
                value=0.0,
                minimum=0.0,
                maximum=1.0,
                step=0.05,
                elem_classes="beside narrow",
                scale=0,
            ),
            gr.Textbox(
                label="Only labels", placeholder="all, or PER,LOC", elem_classes="beside", scale=0
            ),
            _dropdown(
                "Result", list(_KINDS.items()), ".jsonl", look="beside wide", elem_id="file-kind"
            ),
        ]


def _dropdown(
    label: str,
    choices: list[tuple[str, str]],
    value: str | None,
    *,
    look: str = "beside",
    **settings: Any,  # noqa: ANN401 - Gradio's own
) -> gr.Dropdown:
    """A list of names and values; ``look`` are its CSS classes."""
    return gr.Dropdown(choices, value=value, label=label, elem_classes=look, scale=0, **settings)


def _html(markup: str, **settings: Any) -> gr.HTML:  # noqa: ANN401 - Gradio's own
    return gr.HTML(
        markup, js_on_load=None, apply_default_css=False, elem_classes="ner files", **settings
    )
