"""Tab 'Files': a file of texts in, a file of entities out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from ner import render
from ner.entities import Tagged
from ner.errors import Failure, InputError, one_of
from ner.files import batch
from ner.files.batch import Step
from ner.files.csv_records import BadRow
from ner.files.read import ENDINGS, Format, Row, Source, inspect
from ner.files.report import excerpt
from ner.files.resume import errors_file
from ner.files.write import CSV_RULE
from ner.models.prepared import find_offered
from ner.models.recipes import Variant
from ner.render import escape, notice
from ner.serving.admission import WAITING
from ner.serving.bounds import Bounds
from ner.serving.gradio_seam import client_address, client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
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

# What `FilesHandler.tagged` shows: a result or progress as markup, and the files to download as
# an update of their component, which is hidden where there are none.
Shown = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What is chosen beside the file, in the order of the components."""

    encoding: str
    column: str | None
    model: str
    device: str
    variant: str
    strategy: str
    threshold: float
    labels: str | None
    kind: str

    @property
    def kept(self) -> list[str] | None:
        """The labels to look for; None for all."""
        return [label.strip() for label in (self.labels or "").split(",") if label.strip()] or None


@dataclass(frozen=True)
class FilesHandler:
    """What the tab does with files; ``running`` holds, by session, what stops its run.

    Gradio's own way of cancelling an event leaves its button dead, or an error on the page.
    """

    load: Loader
    service: Service
    running: dict[str | None, threading.Event] = field(default_factory=dict, repr=False)

    def inspected(self, path: str | None, encoding: str) -> tuple[str, dict[str, Any]]:
        """What the file is, and its columns to choose from; a sentence if it can't be used."""
        hidden = gr.update(visible=False, choices=[], value=None)
        if path is None:
            return "", hidden
        try:
            source = _inspected(path, encoding, self.service.bounds)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), hidden
        columns = list(dict.fromkeys(source.columns))
        column = gr.update(visible=bool(columns), choices=columns, value=source.column)
        return notice(_what_it_is(source)), column

    def stop(self, request: gr.Request) -> None:
        """End the run of this session after the rows that it is at."""
        if request.session_hash in self.running:
            self.running[request.session_hash].set()

    def tagged(
        self, request: gr.Request, path: str | None, *settings: *tuple[Any, ...]
    ) -> Iterator[Shown]:
        """Progress with the first rows, then the outcome and the files."""
        if path is None:
            yield _alone(notice("Choose a file first."))
            return
        stopping = self.running[request.session_hash] = threading.Event()
        try:
            steps = self._tagged(path, settings, self._client(request))
            yield from catch_failures(self._until_stopped(steps, stopping), _problem)
        finally:
            self.running.pop(request.session_hash, None)

    def _until_stopped(self, steps: Iterator[Shown], stopping: threading.Event) -> Iterator[Shown]:
        for shown in steps:
            yield shown
            if stopping.is_set() or self.service.readiness.draining:
                yield _alone(notice(self.service.readiness.ended))
                return

    def _client(self, request: gr.Request) -> str | None:
        return client_address(request, self.service.addresses)

    def _tagged(self, path: str, settings: tuple[Any, ...], client: str | None) -> Iterator[Shown]:
        chosen = Settings(*settings)
        bounds = self.service.bounds
        source = _inspected(path, chosen.encoding, bounds).choose(chosen.column or None)
        _check_rows(source, bounds.file_rows)
        self._check_room(source, client)
        if chosen.kind not in _KINDS.values():
            raise InputError(f"There is no output {str(chosen.kind)[:40]!r}.")
        choice = Choice.parse(chosen.strategy, chosen.threshold, chosen.labels)
        variant = one_of(Variant, chosen.variant, "variant")
        spec = find_offered(chosen.model)
        sides = yield from open_sides_with_progress(self.load, spec, chosen.device, _progress)
        tagger = sides.side(variant).tagger.using(choice)
        described = batch.run_settings(spec, variant, chosen.device, choice)
        with TemporaryDirectory(prefix="ner-") as folder:
            out = Path(folder) / f"{source.path.stem}.entities{chosen.kind}"
            first: list[tuple[Row, Tagged]] = []
            if self.service.long.taken:
                yield _progress(WAITING)
            with self.service.long.slot(disconnected=client_disconnected):
                for step in batch.run(
                    source, tagger, out, settings=described, chunk_rows=_CHUNK_ROWS
                ):
                    first = [*first, *step.results][:_ROWS_SHOWN]
                    shown = _first_rows(first, tagger.labels)
                    yield _alone(_running(step) + shown)
            files = [file for file in (out, errors_file(out)) if file.exists()]
            self.service.quota.add(client, sum(file.stat().st_size for file in files))
            update = gr.update(visible=True, value=[str(file) for file in files])
            yield _finished(step, out) + shown, update

    def _check_room(self, source: Source, client: str | None) -> None:
        """Refuse before the work what there would be no room for; how large it is, is a guess."""
        quota = self.service.quota
        wait = quota.until_room(client, source.path.stat().st_size)
        if wait:
            again = quota.room_again(wait)
            raise Failure(f"Too many files are kept for you or for all. They {again}")


def _progress(sentence: str) -> Shown:
    return _alone(notice(sentence, kind="progress"))


def _problem(sentence: str) -> Shown:
    return _alone(notice(sentence, kind="problem"))


def _alone(markup: str) -> Shown:
    """Without files."""
    return markup, gr.update(visible=False, value=None)


def _inspected(path: str, encoding: str, bounds: Bounds) -> Source:
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


def _what_it_is(source: Source) -> str:
    what = f"{source.format.upper()}, {source.encoding_name}, {source.lines:,} lines."
    if source.column is not None:
        return f"{what} The texts seem to be in {source.column!r}."
    if source.format is Format.JSONL and not source.columns:
        return f"{what} None of its first objects has a text."
    return f"{what} Choose the column with the texts." if source.columns else what


def _running(step: Step) -> str:
    left = "" if step.seconds_left is None else f", about {step.seconds_left:,.0f} s left"
    done = f"{step.rows:,} rows, {step.fraction:.0%}, {step.rate:,.0f} rows a second{left}"
    return (
        f'<p class="notice progress" role="status">{escape(done)}'
        f'<progress max="1" value="{step.fraction:.3f}" aria-label="Progress"></progress></p>'
    )


def _finished(step: Step, out: Path) -> str:
    parts = [
        notice(
            f"Tagged {step.tagged:,} of {step.rows:,} rows in {step.seconds:.1f} s, "
            f"{step.rate:,.0f} rows a second."
        )
    ]
    if out.suffix == ".csv":
        parts.append(f'<p class="small">{escape(CSV_RULE)}</p>')
    if step.failed:
        parts.append(_failures(step.failed, errors_file(out)))
    return "".join(parts)


def _failures(count: int, file: Path) -> str:
    with file.open(encoding="utf-8", newline="\n") as lines:
        failures = [BadRow(**json.loads(line)) for line in islice(lines, _FAILURES_SHOWN)]
    items = "".join(
        f"<li>line {failure.line:,}: {escape(failure.problem)}</li>" for failure in failures
    )
    more = f" The first {len(failures)}:" if count > len(failures) else ""
    head = f"Rows that could not be tagged: {count:,}. They are in {file.name}.{more}"
    return f"{notice(head, kind='problem')}<ul>{items}</ul>"


def _first_rows(first: list[tuple[Row, Tagged]], labels: tuple[str, ...]) -> str:
    if not first:
        return ""
    classes = render.colour_classes(labels)
    items = "".join(
        f'<li value="{row.line}">{excerpt(tagged, classes)}</li>' for row, tagged in first
    )
    return f"<h3>First rows, by line</h3><ol>{items}</ol>"


def _limits(bounds: Bounds) -> str:
    """What the page takes; the command line takes files of any length."""
    return (
        f"CSV, TSV, JSONL, TXT or CoNLL of up to {bounds.file_bytes // 1_000_000} MB and "
        f"{bounds.file_rows:,} rows. For longer ones use the command line: python -m ner batch "
        "FILE --out OUT. The file and its results are deleted here within two hours."
    )


def add_files_tab(load: Loader, model: gr.Dropdown, device: gr.Dropdown, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    handler = FilesHandler(load, service)
    _html(notice(_limits(service.bounds)))
    file = gr.File(
        label="File of texts",
        file_types=list(ENDINGS),
        height=130,
        elem_id="texts-file",
    )
    about = _html("", elem_id="file-about")
    encoding, column = _reading()
    settings = _settings()
    gr.on(
        [file.change, encoding.input],
        handler.inspected,
        [file, encoding],
        [about, column],
        show_progress="hidden",
        api_visibility="private",
    )
    _add_run(handler, [file, encoding, column, model, device, *settings])


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
        handler.tagged,
        inputs,
        [outcome, results],
        show_progress="hidden",
        # Beside tagging, not before it: the model is shared step by step.
        concurrency_limit=None,
        api_visibility="private",
    )
    stop.click(handler.stop, None, None, queue=False, api_visibility="private")


def _reading() -> tuple[gr.Dropdown, gr.Dropdown]:
    """How the file is read: its encoding, and the column with the texts."""
    with gr.Row(elem_classes="settings"):
        encoding = gr.Dropdown(
            list(_ENCODINGS.items()), value="", label="Encoding", elem_classes="beside", scale=0
        )
        column = gr.Dropdown(
            [], label="Column", visible=False, elem_id="column", elem_classes="beside", scale=0
        )
    return encoding, column


def _settings() -> list[gr.components.Component]:
    """How it is tagged and what is made of it, in the order of `Settings`."""
    with gr.Row(elem_classes="settings"):
        variant = gr.Dropdown(
            [("INT8", "int8"), ("Original", "original")],
            value="int8",
            label="Variant",
            elem_classes="beside narrow",
            scale=0,
        )
        strategy = strategy_dropdown()
        threshold = gr.Number(
            label="Threshold",
            value=0.0,
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            elem_classes="beside narrow",
            scale=0,
        )
        labels = gr.Textbox(
            label="Only labels", placeholder="all, or PER,LOC", elem_classes="beside", scale=0
        )
        kind = gr.Dropdown(
            list(_KINDS.items()),
            value=".jsonl",
            label="Result",
            elem_id="file-kind",
            elem_classes="beside wide",
            scale=0,
        )
    return [variant, strategy, threshold, labels, kind]


def _html(markup: str, **settings: Any) -> gr.HTML:  # noqa: ANN401 - Gradio's own
    return gr.HTML(
        markup, js_on_load=None, apply_default_css=False, elem_classes="ner files", **settings
    )
