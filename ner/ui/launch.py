"""Launching the page: its models, its look, and the guard before it."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
from typing import Any

import gradio as gr

from ner.choosing.contenders import weigh
from ner.errors import MissingExtra
from ner.markup import macro
from ner.models.catalogue import catalogue
from ner.models.child import OnStage
from ner.models.open import OpenSides, Sides
from ner.models.recipes import Variant, default_sides
from ner.serving import draining
from ner.serving.addresses import Addresses
from ner.serving.admission import ClientDisconnected
from ner.serving.bounds import Bounds
from ner.serving.gradio_private import client_disconnected, queued
from ner.serving.launch import launch as launch_behind_guard
from ner.serving.launch import listening_port
from ner.serving.probes import Readiness
from ner.serving.request_log import LOG as REQUEST_LOG
from ner.serving.service import Service
from ner.tagging.graphs import available_devices
from ner.ui.jobs import Loader, describe_failure
from ner.ui.look import code_address, head, theme
from ner.ui.page import build

_LOG = logging.getLogger(__name__)
# What a search engine or a chat shows of a link to the page.
_DESCRIPTION = (
    "Does the small model find the same names? Paste a text and see what quantization changes: "
    "named entities by two models side by side, where they differ, and what each costs."
)


def serve(host: str, port: int, *, mcp: bool = False) -> None:
    """Serve the page of the catalogue's models at this address until told to end.

    The default model is opened, and on a first start prepared, meanwhile. With ``mcp`` the
    endpoints are also tools of an MCP server, at ``/gradio_api/mcp/``. At SIGTERM or SIGINT it
    finishes what runs and ends the process with 0. Raises ``MissingExtra`` if MCP is not installed,
    ``InputError`` for settings that can't be used.
    """
    if mcp and importlib.util.find_spec("mcp") is None:
        raise MissingExtra("The MCP server", "mcp")
    service = Service(Bounds.read(os.environ), Addresses.read(os.environ))
    # Before the thread that opens models: it could not be ended in order.
    port = listening_port(host, port)
    _log_to_the_console()
    sides_open = OpenSides()
    load = _loader(sides_open, service.readiness)
    stop = draining.stop_signal()
    threading.Thread(target=_open_first, args=(load, service.readiness), daemon=True).start()
    page = build(
        load,
        devices=available_devices(),
        service=service,
        opened=lambda: sides_open.opened,
        weigh=weigh,
    )
    launch(page, service, server_name=host, server_port=port, mcp_server=mcp)
    stop.wait()
    draining.drain(service.readiness, service.bounds.drain_seconds, lambda: bool(queued(page)))
    draining.end_process()


def _loader(sides_open: OpenSides, readiness: Readiness) -> Loader:
    """Gives models that stay open; whoever asks for the default one makes the server ready."""
    default = default_sides(catalogue()[0])

    def load(left: Variant, right: Variant, device: str, report: OnStage) -> Sides:
        sides = sides_open.get(left, right, device=device, report=report, waiting=_stay)
        # Equal where it has been told already.
        if (left, right, device) == (*default, "CPU") and readiness.missing != sides.withheld:
            _tell_of(sides, readiness)
        return sides

    return load


def _tell_of(sides: Sides, readiness: Readiness) -> None:
    """Ready now, or open and not ready, since its INT8 is not served."""
    if sides.withheld is None:
        readiness.ready()
    else:
        readiness.missing = sides.withheld
        _LOG.warning("%s", sides.withheld)
    _LOG.info("%s is ready.", sides.spec.title)


def _stay() -> None:
    """Ends the wait of a visitor who has gone, and with it a thread that nobody else would end."""
    if client_disconnected():
        raise ClientDisconnected


def _log_to_the_console() -> None:
    """Sentences to standard error, a line of JSON for each request to standard output."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("ner").setLevel(logging.INFO)
    REQUEST_LOG.addHandler(logging.StreamHandler(sys.stdout))
    REQUEST_LOG.propagate = False


def _open_first(load: Loader, readiness: Readiness) -> None:
    """Open the default model, so that the first visitor need not wait for it."""
    pair = default_sides(catalogue()[0])

    def tell(stage: str) -> None:
        readiness.missing = f"The default model is being prepared, {stage}."
        _LOG.info("Preparing, %s …", stage)

    try:
        load(*pair, "CPU", tell)
    # Nobody waits for this thread, so whatever ends it is to be told here.
    except Exception as error:  # noqa: BLE001
        readiness.missing = describe_failure(error)
        _LOG.warning("%s", readiness.missing)


def launch(page: gr.Blocks, service: Service, **settings: Any) -> str:  # noqa: ANN401 - Gradio's
    """Launch ``page`` behind ``service``, the one that it was built with; gives its local URL.

    It is served in a thread until the process ends. ``settings`` are further ones of Gradio's.
    """
    about = str(macro("ner.ui", "page.html", "about", page.title, _DESCRIPTION, code_address()))
    return launch_behind_guard(
        page, service, about=about, theme=theme(), head=head(), footer_links=["api"], **settings
    )
