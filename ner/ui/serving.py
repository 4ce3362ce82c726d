"""Launching the page: limits, headers, and what Gradio is told to leave off."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from ner import models
from ner.errors import MissingExtra, NerError
from ner.inference import available_devices
from ner.models import ModelSpec, Progress, Report
from ner.pair import Pairs
from ner.render import colours_css
from ner.ui.contract import Loader, Pair
from ner.ui.limits import MAX_FILE, Limits
from ner.ui.page import build

_LOG = logging.getLogger(__name__)
# Requests that may wait; more are refused at once rather than served late.
_WAITING = 64


def serve(host: str | None = None, port: int | None = None, *, mcp: bool = False) -> None:
    """Serve the page of the catalogue's models until interrupted.

    ``host`` and ``port`` default to ``GRADIO_SERVER_NAME`` and ``GRADIO_SERVER_PORT``, and those to
    127.0.0.1 and 7860. The default model is opened, and on a first start prepared, meanwhile.
    With ``mcp`` the endpoints are tools of an MCP server too, at ``/gradio_api/mcp/``; raises
    ``MissingExtra`` where that is not installed.
    """
    if mcp and importlib.util.find_spec("mcp") is None:
        raise MissingExtra("The MCP server", "mcp")
    logging.basicConfig(format="%(message)s")
    logging.getLogger("ner").setLevel(logging.INFO)
    pairs = Pairs()

    def load(spec: ModelSpec, device: str, report: Report) -> Pair:
        return pairs.get(spec, device=device, report=report)

    threading.Thread(target=_open_first, args=(load,), daemon=True).start()
    launch(
        build(load, devices=available_devices()),
        server_name=host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        server_port=_port() if port is None else port,
        mcp_server=mcp,
    )


def _open_first(load: Loader) -> None:
    """Open the default model, so that the first visitor need not wait for it."""
    spec = models.catalogue()[0]
    try:
        load(spec, "CPU", _log_stage)
    except NerError as error:
        _LOG.warning("%s", error)
    else:
        _LOG.info("%s is ready.", spec.title)


def _log_stage(stage: Progress) -> None:
    _LOG.info("Preparing, step %d of %d: %s …", stage.number, stage.stages, stage.stage)


def _port() -> int:
    return int(os.environ.get("GRADIO_SERVER_PORT", "7860"))


def launch(page: gr.Blocks, **settings: Any) -> str:  # noqa: ANN401 - Gradio's own
    """Launch ``page`` as it should be, with Gradio's further ``settings``; gives its local URL."""
    page.queue(api_open=False, max_size=_WAITING)
    _, url, _ = page.launch(
        theme=_theme(),
        head=_head(),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=MAX_FILE,
        app_kwargs={"middleware": [Middleware(Limits)]},
        **{"mcp_server": False, **settings},
    )
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
