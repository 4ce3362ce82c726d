"""Tab 'Status': how the server is, what it allows, and what it keeps of whom."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ner.machine import Machine, describe, package_versions
from ner.render import definitions, notice
from ner.serving import gradio_seam, streams, uploads
from ner.serving.bodies import BODY_SECONDS, MAX_BODY, MAX_FILE, MAX_UPLOAD, SLOWEST
from ner.serving.service import Service
from ner.serving.slots import Places
from ner.ui import evaluate, files, probing
from ner.ui.contract import MAX_CHARACTERS, Pair
from ner.ui.tables import section

_PACKAGES = ("ner-compare", "gradio", "openvino", "tokenizers", "numpy")
_Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class StatusHandler:
    """What opening the tab shows."""

    service: Service
    machine: Machine

    def answer(self) -> str:
        """Health, limits, what is kept, versions; as markup."""
        service = self.service
        parts = [
            _health(service),
            section("Limits", "", definitions(_limits(service))),
            section("What is logged and kept", "", definitions(_kept(service))),
            section("Versions", "", definitions(_versions(self.machine))),
        ]
        return f'<div class="ner model status">{"".join(parts)}</div>'


def _health(service: Service) -> str:
    readiness = service.readiness
    since = readiness.ready_since
    state = "Ready." if not readiness.reasons else f"Not ready. {' '.join(readiness.reasons)}"
    rows = [
        ("State", state),
        ("Ready since", "not yet" if since is None else _moment(since)),
        ("Up for", _duration(time.time() - readiness.started)),
        *(("Model open", _described(pair)) for pair in service.opened()),
        ("At work, waiting", "; ".join(_at_work(service))),
    ]
    return section("Health", "", definitions(rows)) + notice(
        "For machines: /healthz (alive), /readyz (ready, with reasons), /metrics (Prometheus)."
    )


def _described(pair: Pair) -> str:
    checked = "both variants checked" if pair.withheld is None else pair.withheld
    return f"{pair.spec.title} on {pair.device}: {checked}"


def _at_work(service: Service) -> list[str]:
    kinds = (("single texts", service.short), ("long work", service.long))
    return [f"{name} {places.working}, {places.waiting}" for name, places in kinds]


def _limits(service: Service) -> _Rows:
    settings = service.settings
    rate = "none"
    if settings.rate_per_minute:
        rate = (
            f"{settings.rate_per_minute:,} requests a minute, {settings.burst:,} at once; "
            "429 says when to come again"
        )
    return (
        ("A text", f"{MAX_CHARACTERS:,} characters; {probing.MAX_CHARACTERS:,} for Probe"),
        (
            "Evaluate",
            f"{evaluate.MAX_GOLD_CHARACTERS:,} characters of gold, "
            f"{evaluate.MAX_LINES_CHARACTERS:,} of lines",
        ),
        ("Files", f"{_megabytes(files.MAX_BYTES)} and {files.MAX_ROWS:,} rows"),
        ("Requests of one visitor", rate),
        ("Under way for one visitor", f"{gradio_seam.MOST_OF_ONE} events, {streams.MOST} streams"),
        ("Single texts", _places(service.short)),
        ("Files, Evaluate, Measure", _places(service.long)),
        (
            "A request's body",
            f"{_megabytes(MAX_BODY)} in {BODY_SECONDS} s, plus a second for each "
            f"{SLOWEST // 1000} kB",
        ),
        ("An upload", f"{_megabytes(MAX_FILE)} a file, {_megabytes(MAX_UPLOAD)} in all"),
        (
            "Uploads and results",
            f"{_megabytes(uploads.EACH)} of one visitor and {_megabytes(uploads.TOTAL)} of all are "
            "kept at once",
        ),
    )


def _places(places: Places) -> str:
    return (
        f"{places.at_once} at a time, {places.queue} wait, for {places.patience:g} s at most; "
        f"over the HTTP API {places.queue - places.reserve}, then 503"
    )


def _kept(service: Service) -> _Rows:
    logged = "time, an id, method, route, status, duration"
    address = "also logged" if service.settings.log_addresses else "not logged"
    return (
        ("Texts", "tagged in memory; not stored, not logged, not sent anywhere"),
        (
            "Uploaded files, results",
            f"on this machine's disk, deleted after {_duration(uploads.KEPT)} at the latest",
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


def add_status_tab(page: gr.Blocks, tab: gr.Tab, service: Service) -> None:
    """Put the tab's component into ``page``, the Blocks at hand; it is read anew at each visit."""
    shown = gr.HTML("", elem_id="status", js_on_load=None, apply_default_css=False)
    gr.on(
        [page.load, tab.select],
        StatusHandler(service, describe()).answer,
        None,
        shown,
        show_progress="hidden",
        api_visibility="private",
    )
