"""What the page's handlers and the middleware before them share, and the order of the latter."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from ner.serving import gradio_seam
from ner.serving.addresses import Addresses, ForwardedHeaders
from ner.serving.admission import Admission, Slots
from ner.serving.bodies import BodyLimit
from ner.serving.bounds import Bounds
from ner.serving.draining import Draining
from ner.serving.metrics import Metrics
from ner.serving.probes import Probes, Readiness
from ner.serving.rates import RateLimit, StreamLimit, TokenBuckets
from ner.serving.request_log import RequestLog
from ner.serving.responses import ResponseHeaders
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
        self._watch()

    def middleware(self, short_calls: Callable[[], int]) -> list[Middleware]:
        """One for each concern, the outermost first; ``short_calls`` as in `Admission`."""
        bounds, addresses = self.bounds, self.addresses
        rate = [Middleware(RateLimit, self._buckets(), addresses)]
        return [
            # First, so that whatever happens beneath is logged, counted and answered with an id.
            Middleware(RequestLog, self.metrics, addresses),
            Middleware(ResponseHeaders),
            Middleware(GZipMiddleware, compresslevel=5, exclude_content_types=_NOT_COMPRESSED),
            # What is too large is refused before anything is counted or read.
            Middleware(BodyLimit, bounds),
            # Before the rate: a probe must be answered whoever asks, and while draining.
            Middleware(Probes, self.readiness, self.metrics.text),
            Middleware(Draining, self.readiness),
            *(rate if bounds.requests_per_minute else ()),
            Middleware(StreamLimit, bounds.streams_per_client, addresses),
            Middleware(UploadQuota, self.quota, addresses),
            # Reads a whole body, so it comes after all that refuses one unread.
            Middleware(Admission, self.short, self.long, bounds.short_calls, short_calls),
            # These two stand before Gradio itself.
            Middleware(ForwardedHeaders, addresses),
            Middleware(Routes),
        ]

    def launch(self, page: gr.Blocks, *, about: str = "", **settings: Any) -> str:  # noqa: ANN401
        """Launch ``page`` behind the middleware, in a thread; gives its local URL.

        ``about`` is markup for the page's head on what it is; ``settings`` are Gradio's own.
        """
        gradio_seam.describe_page(about)
        if settings.get("server_port") == 0:
            # Gradio would take one that the system chooses, and tell everybody of port 0.
            settings["server_port"] = _free_port(settings.get("server_name") or "127.0.0.1")
        limit = gradio_seam.QueueLimit(page, self.bounds, self.addresses)
        stack = self.middleware(lambda: limit.short_calls)
        url = gradio_seam.launch(page, self.bounds, stack, **settings)
        limit.install()
        keep_clean(gradio_seam.upload_folder(), self.bounds)
        return url

    def _buckets(self) -> TokenBuckets:
        bounds = self.bounds
        return TokenBuckets(
            bounds.requests_per_minute / 60, bounds.request_burst, clients=bounds.clients
        )

    def _watch(self) -> None:
        """Metrics that are read here and now."""
        for kind, slots in (("text", self.short), ("long", self.long)):
            self.metrics.watch_slots(kind, slots)
        self.metrics.watch(
            "ner_ready",
            "1 if the default model is open.",
            lambda: not self.readiness.reasons,
        )


def _free_port(host: str) -> int:
    """A port that nobody listens at; somebody could take it before we do, and then we fail."""
    with socket.create_server((host.strip("[]"), 0), family=_family(host)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
