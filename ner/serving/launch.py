"""Launching a page behind the guard."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from ner.errors import InputError
from ner.serving.gradio_private import Sessions, describe_page
from ner.serving.guard import Guard
from ner.serving.probes import probe_routes
from ner.serving.request_log import RequestLog
from ner.serving.service import Service
from ner.serving.uploads import keep_clean

# Left as they are: what is compressed already, streams of events, and files to be saved.
_NOT_COMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")


def middleware(page: gr.Blocks, service: Service) -> list[Middleware]:
    """What stands before ``page``, the outermost first."""
    return [
        # First, so that whatever happens inside is logged, counted and answered with an id.
        Middleware(RequestLog, service.metrics, service.addresses),
        Middleware(GZipMiddleware, compresslevel=5, exclude_content_types=_NOT_COMPRESSED),
        Middleware(Guard, page, service),
    ]


def launch(
    page: gr.Blocks,
    service: Service,
    *,
    server_name: str,
    server_port: int,
    about: str = "",
    **settings: Any,  # noqa: ANN401 - Gradio's own
) -> str:
    """Launch ``page`` behind the guard, in a thread; gives its local URL.

    ``about`` is markup for the page's head on what it is; port 0 stands for a free one.
    """
    bounds = service.bounds
    # Gradio summarizes its last 10,000 events anew after each one, though nobody may read that.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    # Where Gradio puts uploads and results.
    folder = os.environ.setdefault(
        "GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir()).resolve() / "gradio")
    )
    describe_page(about)
    page.queue(api_open=False, max_size=bounds.events)
    _, url, _ = page.launch(
        server_name=server_name,
        # Gradio would take a port that the system chooses for 0, and tell everybody of port 0.
        server_port=listening_port(server_name, server_port),
        prevent_thread_lock=True,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=bounds.upload_file_bytes,
        max_threads=bounds.threads,
        state_session_capacity=bounds.sessions,
        app_kwargs={
            "middleware": middleware(page, service),
            "routes": probe_routes(service.readiness, service.metrics.registry),
        },
        **{"mcp_server": False, **settings},
    )
    Sessions.install(page)
    keep_clean(Path(folder), bounds)
    return url


def listening_port(host: str, port: int) -> int:
    """``port``, or a free one for 0; ``InputError`` if nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host.strip("[]"), port), family=family) as probe:
            found: int = probe.getsockname()[1]
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        raise InputError(
            f"The app can't listen at {host}, port {port}: {reason}. Choose another with --port."
        ) from error
    return found
