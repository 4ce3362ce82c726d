"""Tab 'Files': a file of texts in, a file of entities out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from ner.entities import Tagger
from ner.errors import Failure, InputError
from ner.files import batch
from ner.files.read import ENDINGS, Source, inspect
from ner.files.report import Excerpt
from ner.files.resume import errors_file
from ner.markup import notice
from ner.serving.admission import WAITING
from ner.serving.bounds import Bounds
from ner.serving.gradio_seam import client_disconnected
from ner.serving.service import Service
from ner.tagging.choice import Choice
from ner.ui.controls import SideControls
from ner.ui.progress import Loader, catch_failures, describe_failure, open_sides_with_progress
from ner.ui.tag import aggregation_dropdown
from ner.ui.views import files as views

_ENCODINGS = {
    "UTF-8, or UTF-16 by its mark": "",
    "Windows (cp1252)": "cp1252",
    "Latin-1": "latin-1",
    "UTF-16, little endian": "utf-16-le",
    "UTF-16, big endian": "utf-16-be",
}
_REDACTED_ROWS = "redacted.csv"
# What the name of a result ends in.
_KINDS = {
    "JSON lines: everything, as found": "entities.jsonl",
    "CSV: a row for each entity": "entities.csv",
    "CoNLL: a tag for each token": "entities.conll",
    "HTML report: counts and names": "entities.html",
    "Redacted text: [PER] for a name": "redacted.txt",
    "Redacted CSV: the same, row by row": _REDACTED_ROWS,
}
_SIDES = {"B": "right", "A": "left", "Both, with differences": "both"}
# Small, so that progress shows and Stop is heard at once.
_CHUNK_ROWS = 200
_ROWS_SHOWN = 5

# What `FilesHandler.tag` answers: a result or progress as markup, and the files to download as an
# update of their component, which is hidden where there are none.
Outcome = tuple[str, dict[str, Any]]
# What `FilesHandler.inspect` answers: markup, and updates of both lists of columns.
Inspected = tuple[str, dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What is chosen beside the file, in the order of the components."""

    encoding: str
    column: str | None
    keep: list[str] | None
    left: str
    right: str
    device: str
    side: str
    aggregation: str
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

    def inspect(self, path: str | None, encoding: str) -> Inspected:
        """What the file is, and its columns to choose from; a sentence if it can't be used."""
        nothing = gr.update(visible=False, choices=[], value=None)
        if path is None:
            return "", nothing, nothing
        try:
            source = _inspect(path, encoding, self.service.bounds)
        # The last line of defence: a visitor gets a sentence, the log gets the rest.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem"), nothing, nothing
        columns = list(dict.fromkeys(source.columns))
        column = gr.update(visible=bool(columns), choices=columns, value=source.column)
        keep = gr.update(visible=len(columns) > 1, choices=columns, value=[])
        return notice(views.describe(source)), column, keep

    def describe(self, path: str | None, encoding: str, column: str | None) -> str:
        """What the file is, once a column has been chosen."""
        if path is None:
            return ""
        try:
            source = _inspect(path, encoding, self.service.bounds).choose(column or None)
            return notice(views.describe(source))
        # As above.
        except Exception as error:  # noqa: BLE001
            return notice(describe_failure(error), kind="problem")

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
            steps = self._tag(path, settings)
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

    def _tag(self, path: str, values: tuple[Any, ...]) -> Iterator[Outcome]:
        settings = Settings(*values)
        source = _inspect(path, settings.encoding, self.service.bounds)
        source = source.choose(settings.column or None, settings.keep or ())
        _check_rows(source, self.service.bounds.file_rows)
        self._check_room(source)
        for value, known in ((settings.kind, _KINDS), (settings.side, _SIDES)):
            if value not in known.values():
                raise InputError(f"There is no choice {str(value)[:40]!r} here.")
        choice = Choice.parse(settings.aggregation, settings.threshold, settings.labels)
        left, right = _asked(settings)
        sides = yield from open_sides_with_progress(
            self.load, left, right, settings.device, _progress
        )
        asked = sides.both if settings.side == "both" else (sides.left,)
        taggers = [side.tagger.using(choice) for side in asked]
        facts = batch.run_settings([side.variant for side in asked], settings.device, choice)
        with TemporaryDirectory(prefix="ner-") as folder:
            out = Path(folder) / f"{source.path.stem}.{settings.kind}"
            yield from self._run(source, taggers, out, facts)

    def _run(
        self,
        source: Source,
        taggers: Sequence[Tagger],
        out: Path,
        facts: Mapping[str, str],
    ) -> Iterator[Outcome]:
        """Each step of the run, then the files, which count against the quota of all."""
        tagger, *beside = taggers
        rows: list[Excerpt] = []
        steps = batch.run(
            source,
            tagger,
            out,
            settings=facts,
            beside=beside[0] if beside else None,
            redact=out.name.endswith(_REDACTED_ROWS),
            chunk_rows=_CHUNK_ROWS,
        )
        if self.service.long.taken:
            yield _progress(WAITING)
        with self.service.long.slot(disconnected=client_disconnected):
            for step in steps:
                rows += views.excerpts(step.results, tagger.labels, _ROWS_SHOWN - len(rows))
                yield _without_files(views.running(step, rows))
        files = [file for file in (out, errors_file(out)) if file.exists()]
        self.service.quota.add(sum(file.stat().st_size for file in files))
        update = gr.update(visible=True, value=[str(file) for file in files])
        yield views.finished(step, out, rows), update

    def _check_room(self, source: Source) -> None:
        """Refuse before the work what there would be no room for; how large it is, is a guess."""
        quota = self.service.quota
        wait = quota.wait(source.path.stat().st_size)
        if wait:
            again = quota.room_again(wait)
            raise Failure(f"Too many files are kept. They {again}")


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


def _asked(settings: Settings) -> tuple[str, str]:
    """The two sides to open; one that is asked for alone is both."""
    if settings.side == "both":
        return settings.left, settings.right
    name = settings.left if settings.side == "left" else settings.right
    return name, name


def add_files_tab(load: Loader, chosen: SideControls, service: Service) -> None:
    """Put the tab's components into the Blocks at hand, and connect them."""
    handler = FilesHandler(load, service)
    _html(notice(views.limits(service.bounds)))
    file = gr.File(
        label="File of texts", file_types=list(ENDINGS), height=130, elem_id="texts-file"
    )
    about = _html("", elem_id="file-about")
    with gr.Row(elem_classes="settings"):
        encoding = _dropdown("Encoding", list(_ENCODINGS.items()), "")
        column = _dropdown("Column", [], None, visible=False, elem_id="column")
        keep = _dropdown(
            "Keep too",
            [],
            None,
            visible=False,
            elem_id="keep",
            multiselect=True,
            look="beside wide",
        )
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    shown = [about, column, keep]
    gr.on([file.change, encoding.input], handler.inspect, [file, encoding], shown, **quiet)
    column.input(handler.describe, [file, encoding, column], about, **quiet)
    _add_run(handler, [file, encoding, column, keep, *chosen.inputs, *_settings()])


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
    outcome = _html(views.example(), elem_id="file-outcome")
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
    with gr.Row(elem_classes="settings"):
        return [
            _dropdown("Tag with", list(_SIDES.items()), "right"),
            aggregation_dropdown(),
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
                "Result",
                list(_KINDS.items()),
                "entities.jsonl",
                look="beside wide",
                elem_id="file-kind",
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
