"""What the page's handlers and the middleware before them share, and the order of the latter."""

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
from ner.serving.addresses import Addresses
from ner.serving.admission import Admission, Slots
from ner.serving.body_limit import BodyLimit
from ner.serving.bounds import Bounds
from ner.serving.gradio_seam import Sessions, describe_page
from ner.serving.metrics import Metrics
from ner.serving.probes import Readiness, probe_routes
from ner.serving.rates import RateLimit, StreamLimit, TokenBuckets
from ner.serving.request_log import RequestLog
from ner.serving.responses import Headers
from ner.serving.routes import Routes
from ner.serving.uploads import Quota, UploadQuota, keep_clean

# Left as they are: what is compressed already, streams of events, and files to be saved.
_NOT_COMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")


class Service:
    """Bounds, slots, quota, readiness and counters of one running app.

    ``short`` are the slots for single texts; ``long`` those for files, evaluations and
    measurements, which so never hold up single texts.
    """

    def __init__(self, bounds: Bounds, addresses: Addresses) -> None:
        self.bounds = bounds
        self.addresses = addresses
        self.readiness = Readiness()
        self.metrics = Metrics()
        self.quota = Quota(bounds)
        self.short = Slots(bounds.short, took=self.metrics.worked.observe)
        self.long = Slots(bounds.long)
        self.metrics.watch_slots("text", self.short)
        self.metrics.watch_slots("long", self.long)
        self.metrics.watch(
            "ner_ready", "1 if the default model is open.", lambda: not self.readiness.reasons
        )

    def middleware(self, page: gr.Blocks) -> list[Middleware]:
        """One for each concern, the outermost first."""
        bounds, addresses = self.bounds, self.addresses
        buckets = TokenBuckets(
            bounds.requests_per_minute / 60, bounds.request_burst, clients=bounds.clients
        )
        rate = [Middleware(RateLimit, buckets, addresses)]
        return [
            # First, so that whatever happens inside is logged, counted and answered with an id.
            Middleware(RequestLog, self.metrics, addresses),
            Middleware(Headers, addresses),
            Middleware(GZipMiddleware, compresslevel=5, exclude_content_types=_NOT_COMPRESSED),
            # What is too large, or not served, is refused before anything is counted or read.
            Middleware(BodyLimit, bounds),
            Middleware(Routes, self.readiness),
            *(rate if bounds.requests_per_minute else ()),
            Middleware(StreamLimit, bounds.streams_per_client, addresses),
            Middleware(UploadQuota, self.quota),
            # Reads a whole body, so it comes after all that refuses one unread.
            Middleware(Admission, page, self.short, self.long, bounds, addresses),
        ]

    def launch(
        self,
        page: gr.Blocks,
        *,
        server_name: str,
        server_port: int,
        about: str = "",
        **settings: Any,  # noqa: ANN401 - Gradio's own
    ) -> str:
        """Launch ``page`` behind the middleware, in a thread; gives its local URL.

        ``about`` is markup for the page's head on what it is; port 0 stands for a free one.
        """
        bounds = self.bounds
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
                "middleware": self.middleware(page),
                "routes": probe_routes(self.readiness, self.metrics.registry),
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
