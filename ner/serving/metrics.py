"""What is counted and timed, as Prometheus reads it at /metrics."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from ner.serving.admission import Slots

# Upper bounds in seconds; one text takes milliseconds, a long one seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What happened since the start, in a registry of its own: several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("ner_requests", "HTTP requests.", "method", "route", "status")
        self.refusals = self._counter("ner_refusals", "Requests refused, by reason.", "reason")
        self.in_flight = Gauge("ner_requests_in_flight", "Open requests.", registry=self.registry)
        self.answered = self._histogram(
            "ner_request_seconds", "Time to answer a request, streams of events left out."
        )
        self.worked = self._histogram(
            "ner_work_seconds", "Time at the models for one text, waiting included."
        )
        self._busy = self._counter("ner_busy", "Calls that found no slot.", "kind")
        self._working = Gauge(
            "ner_working", "Calls at the models.", ["kind"], registry=self.registry
        )
        self._waiting = Gauge("ner_waiting", "Calls waiting.", ["kind"], registry=self.registry)

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def watch_slots(self, kind: str, slots: Slots) -> None:
        """Gauges for the slots of one kind, and a counter of calls that found none."""
        self._working.labels(kind).set_function(lambda: slots.running)
        self._waiting.labels(kind).set_function(lambda: slots.queued)
        slots.on_refusal = self._busy.labels(kind).inc

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str) -> Histogram:
        return Histogram(name, meaning, buckets=_BUCKETS, registry=self.registry)
