"""Launching the page: limits, headers, and what Gradio is told to leave off."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from ner import models
from ner.errors import MissingExtra
from ner.inference import available_devices
from ner.models import ModelSpec, Progress, Report
from ner.pair import Pairs
from ner.render import colours_css
from ner.serving import draining, temporary_files
from ner.serving.bodies import MAX_FILE
from ner.serving.bounds import Settings
from ner.serving.gradio_seam import Intake
from ner.serving.probes import Readiness
from ner.serving.request_log import LOG as REQUEST_LOG
from ner.serving.service import Service
from ner.serving.sessions import Sessions
from ner.serving.slots import Left
from ner.serving.uploads import DELETE
from ner.serving.visit import given_up
from ner.ui import failures
from ner.ui.contract import Loader, Pair
from ner.ui.page import build

_LOG = logging.getLogger(__name__)
# A backstop: handlers wait for places of our own, which bound them long before this does.
_EVENTS = 128
_THREADS = 96
# Visitors whose page Gradio remembers.
_SESSIONS = 2_000


def serve(host: str | None = None, port: int | None = None, *, mcp: bool = False) -> None:
    """Serve the page of the catalogue's models until told to end.

    ``host`` and ``port`` default to ``GRADIO_SERVER_NAME`` and ``GRADIO_SERVER_PORT``, and those to
    127.0.0.1 and 7860. The default model is opened, and on a first start prepared, meanwhile.
    With ``mcp`` the endpoints are tools of an MCP server too, at ``/gradio_api/mcp/``; raises
    ``MissingExtra`` where that is not installed, ``InputError`` for settings that can't be used.
    At SIGTERM or SIGINT it finishes what runs and ends the process with 0.
    """
    if mcp and importlib.util.find_spec("mcp") is None:
        raise MissingExtra("The MCP server", "mcp")
    _log_to_the_console()
    pairs = Pairs()
    service = replace(Service(Settings.read(os.environ)), opened=lambda: pairs.opened)
    load = _loader(pairs, service.readiness)
    told = draining.until_told_to_end()
    threading.Thread(target=_open_first, args=(load, service.readiness), daemon=True).start()
    page = build(load, devices=available_devices(), service=service)
    launch(
        page,
        service,
        server_name=host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        server_port=_port() if port is None else port,
        mcp_server=mcp,
    )
    told.wait()
    draining.drain(service, busy=lambda: _events(page) > 0)
    draining.end_process()


def _loader(pairs: Pairs, readiness: Readiness) -> Loader:
    """Gives models from ``pairs``; whoever it opens the default one for, the server is ready."""
    default = models.catalogue()[0]

    def load(spec: ModelSpec, device: str, report: Report) -> Pair:
        pair = pairs.get(spec, device=device, report=report, waiting=_stay)
        # Equal where it has been told already.
        if (spec, device) == (default, "CPU") and readiness.missing != pair.withheld:
            _tell_of(pair, readiness)
        return pair

    return load


def _tell_of(pair: Pair, readiness: Readiness) -> None:
    """Ready now, or open and not ready, since its INT8 is not served."""
    if pair.withheld is None:
        readiness.ready()
    else:
        readiness.missing = pair.withheld
        _LOG.warning("%s", pair.withheld)
    _LOG.info("%s is ready.", pair.spec.title)


def _stay() -> None:
    """Ends the wait of a visitor who has gone, and with it a thread that nobody else would end."""
    if given_up():
        raise Left


def _events(page: gr.Blocks) -> int:
    """How many things that visitors asked for run or wait."""
    return len(page._queue.event_ids_to_events)


def _log_to_the_console() -> None:
    """Sentences to standard error, a line of JSON for each request to standard output."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("ner").setLevel(logging.INFO)
    REQUEST_LOG.addHandler(logging.StreamHandler(sys.stdout))
    REQUEST_LOG.propagate = False


def _open_first(load: Loader, readiness: Readiness) -> None:
    """Open the default model, so that the first visitor need not wait for it."""
    spec = models.catalogue()[0]

    def tell(stage: Progress) -> None:
        step = f"step {stage.number} of {stage.stages}: {stage.stage}"
        readiness.missing = f"The default model is being prepared, {step}."
        _LOG.info("Preparing, %s …", step)

    try:
        load(spec, "CPU", tell)
    # Nobody waits for this thread, so whatever ends it is to be told here.
    except Exception as error:  # noqa: BLE001
        readiness.missing = failures.told(error)
        _LOG.warning("%s", readiness.missing)


def _port() -> int:
    return int(os.environ.get("GRADIO_SERVER_PORT", "7860"))


def launch(page: gr.Blocks, service: Service | None = None, **settings: Any) -> str:  # noqa: ANN401
    """Launch ``page`` as it should be, with Gradio's further ``settings``; gives its local URL.

    It is served in a thread until the process ends. ``service`` is the one that the page was built
    with.
    """
    # Gradio summarizes its last 10,000 events anew after each one, though nobody may read that.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    page.queue(api_open=False, max_size=_EVENTS)
    service = service or Service()
    intake = Intake(page, trust_proxy=service.settings.trust_proxy)
    _, url, _ = page.launch(
        theme=_theme(),
        head=_head(),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=MAX_FILE,
        max_threads=_THREADS,
        state_session_capacity=_SESSIONS,
        app_kwargs={"middleware": service.middleware(lambda: intake.short_calls)},
        **{"mcp_server": False, "prevent_thread_lock": True, **settings},
    )
    Sessions.install(page)
    intake.install()
    every, age = DELETE
    temporary_files.keep_clean(Path(get_upload_folder()), every=every, age=age)
    return url


def _theme() -> gr.themes.Base:
    """System fonts, nothing fetched from elsewhere, one quiet accent."""
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_sm,
    )
    return base.set(
        # White upon these, and these upon the page, are readable (4.5 : 1).
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        color_accent="*primary_700",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_width="1px",
    )


def _head() -> str:
    """Style and script in the page itself: Gradio would rewrite the selectors of its ``css``."""
    folder = models.assets() / "ui"
    style = "\n".join(_read(folder, "*.css"))
    script = "\n".join(_read(folder, "*.js"))
    return (
        f'<style id="ner-style">{colours_css()}\n{style}</style>\n'
        f'<script id="ner-script">{script}</script>'
    )


def _read(folder: Path, pattern: str) -> list[str]:
    """The files of one kind, in order of their names."""
    return [file.read_text(encoding="utf-8") for file in sorted(folder.glob(pattern))]
