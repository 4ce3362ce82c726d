"""What is counted and timed, as Prometheus reads it at /metrics."""

from __future__ import annotations

from collections.abc import Callable

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ner.serving.admission import Slots

# Upper bounds in seconds; one text takes milliseconds, a long one seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What happened since the start, in a registry of its own: several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "ner_requests",
            "HTTP requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._refusals = Counter(
            "ner_refusals", "Requests refused, by reason.", ("reason",), registry=self.registry
        )
        self._in_flight = Gauge("ner_requests_in_flight", "Open requests.", registry=self.registry)
        self._busy = Counter("ner_busy", "Sent away by them.", ("kind",), registry=self.registry)
        self._working = Gauge("ner_working", "At the models.", ("kind",), registry=self.registry)
        self._waiting = Gauge("ner_waiting", "Waiting for them.", ("kind",), registry=self.registry)
        # Streams of events are left out of the first; waiting is part of the second.
        self.answered = self._histogram(
            "ner_request_seconds", "Time to answer a request, streams of events left out."
        )
        self.worked = self._histogram(
            "ner_work_seconds", "Time at the models for one text, waiting included."
        )
        process = psutil.Process()
        self.watch("process_resident_memory_bytes", "Memory.", lambda: process.memory_info().rss)
        self.watch("process_start_time_seconds", "Start.", process.create_time)

    def begin(self) -> None:
        """A request came in."""
        self._in_flight.inc()

    def end(self, method: str, route: str, status: int, refused: str | None) -> None:
        """It was answered; ``refused`` is the reason if it was."""
        self._in_flight.dec()
        self._requests.labels(method, route, status).inc()
        if refused is not None:
            self._refusals.labels(refused).inc()

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(name, what, registry=self.registry).set_function(value)

    def watch_slots(self, kind: str, slots: Slots) -> None:
        """Gauges for the slots of one kind, and a counter of requests that found none."""
        self._working.labels(kind).set_function(lambda: slots.running)
        self._waiting.labels(kind).set_function(lambda: slots.queued)
        slots.on_refusal = self._busy.labels(kind).inc

    def text(self) -> bytes:
        """Everything, in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def _histogram(self, name: str, what: str) -> Histogram:
        return Histogram(name, what, buckets=_BUCKETS, registry=self.registry)
