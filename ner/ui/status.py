"""Tab 'Status': how the server is, what it allows, and what it keeps of whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gradio as gr
from markupsafe import Markup

from ner.machine import Machine, describe, package_versions
from ner.markup import render
from ner.models.open import Side
from ner.serving.admission import Slots
from ner.serving.bounds import Bounds, SlotBounds
from ner.serving.service import Service

_PACKAGES = ("ner-compare", "gradio", "openvino", "tokenizers", "numpy")
_Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class StatusHandler:
    """What opening the tab shows; ``open_sides`` gives the models that are open."""

    service: Service
    machine: Machine
    open_sides: Callable[[], Sequence[Side]]

    def answer(self) -> Markup:
        """Health, limits, what is kept, versions."""
        service = self.service
        sections = (
            ("Limits", _limits(service.bounds)),
            ("What is logged and kept", _kept(service)),
            ("Versions", _versions(self.machine)),
        )
        health = _health(service, self.open_sides())
        return render("ner.ui", "status.html", health=health, sections=sections)


def _health(service: Service, open_sides: Sequence[Side]) -> _Rows:
    readiness = service.readiness
    since = readiness.ready_since
    state = "Ready." if not readiness.reasons else f"Not ready. {' '.join(readiness.reasons)}"
    return (
        ("State", state),
        ("Ready since", "not yet" if since is None else _moment(since)),
        ("Up for", _duration(time.time() - readiness.started)),
        *(("Model open", _describe(side)) for side in open_sides),
        ("Single texts", _load(service.short)),
        ("Files, Evaluate, Choose", _load(service.long)),
    )


def _describe(side: Side) -> str:
    checked = side.withheld or "checked"
    return f"{side.variant.title} on {side.origin.device}: {checked}"


def _load(slots: Slots) -> str:
    return f"Running {slots.running}, queued {slots.queued}"


def _limits(bounds: Bounds) -> _Rows:
    return (*_text_limits(bounds), *_shared_limits(bounds), *_body_limits(bounds))


def _text_limits(bounds: Bounds) -> _Rows:
    """What one visitor may bring at once."""
    return (
        (
            "A text",
            f"{bounds.text_characters:,} characters; {bounds.probe_characters:,} for Probe "
            f"robustness. Over the HTTP API also {bounds.texts} texts, as long together as one",
        ),
        (
            "Evaluate",
            f"{bounds.gold_characters:,} characters of labelled text, "
            f"{bounds.lines_characters:,} of text without labels",
        ),
        ("Files", f"{_megabytes(bounds.file_bytes)} and {bounds.file_rows:,} rows"),
    )


def _shared_limits(bounds: Bounds) -> _Rows:
    """How often, and how many at the same time."""
    rate = "none"
    if bounds.requests_per_minute:
        rate = (
            f"{bounds.requests_per_minute:,} requests a minute, {bounds.request_burst:,} at once. "
            "Over the limit: retry after the stated time"
        )
    return (
        ("Requests of one visitor", rate),
        (
            "At once for one visitor",
            f"{bounds.events_per_client} running or waiting tasks, "
            f"{bounds.streams_per_client} open connections",
        ),
        ("Single texts", _slots(bounds.short)),
        ("Files, Evaluate, Choose", _slots(bounds.long)),
    )


def _body_limits(bounds: Bounds) -> _Rows:
    """Bytes on their way in, and on disk."""
    return (
        (
            "Size of a request",
            f"{_megabytes(bounds.body_bytes)} in {bounds.body_seconds:g} s, plus a second for each "
            f"{bounds.body_bytes_per_second // 1000} kB",
        ),
        (
            "An upload",
            f"{_megabytes(bounds.upload_file_bytes)} a file, "
            f"{_megabytes(bounds.upload_body_bytes)} in all",
        ),
        (
            "Uploads and results",
            f"{_megabytes(bounds.upload_bytes_per_client)} of one visitor and "
            f"{_megabytes(bounds.upload_bytes)} of all are kept at once",
        ),
    )


def _slots(bounds: SlotBounds) -> str:
    return (
        f"{bounds.running} at a time; up to {bounds.queued} wait, {bounds.patience:g} s at most. "
        f"Over the HTTP API up to {bounds.queued - bounds.reserved} wait; more are told to retry"
    )


def _kept(service: Service) -> _Rows:
    logged = "time, an id, method, route, status, duration"
    address = "also logged" if service.addresses.logged else "not logged"
    return (
        ("Texts", "tagged in memory; not stored, not logged, not sent anywhere"),
        (
            "Uploaded files, results",
            "on this machine's disk, deleted after "
            f"{_duration(service.bounds.longest_kept)} at the latest",
        ),
        ("Corrections", "in your browser only"),
        ("Each request", logged),
        ("Your address", f"in memory, to count requests and uploads; {address}"),
        ("Analytics", "none; no cookies of ours, nothing fetched from elsewhere"),
    )


def _versions(machine: Machine) -> _Rows:
    found = package_versions(_PACKAGES)
    return (
        *found.items(),
        ("Python", machine.python),
        ("Machine", machine.summary),
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,g} MB"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _duration(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def add_status_tab(
    page: gr.Blocks, tab: gr.Tab, service: Service, open_sides: Callable[[], Sequence[Side]]
) -> None:
    """Put the tab's component into ``page``, the Blocks at hand; it is read anew at each visit."""
    status = gr.HTML("", elem_id="status", js_on_load=None, apply_default_css=False)
    gr.on(
        [page.load, tab.select],
        StatusHandler(service, describe(), open_sides).answer,
        None,
        status,
        show_progress="hidden",
        api_visibility="private",
    )
