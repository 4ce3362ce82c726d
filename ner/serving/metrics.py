"""What is counted and timed, as Prometheus reads it at /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from ner.serving.admission import Slots

# Upper bounds in seconds; one text takes milliseconds, a long one seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What happened since the start, in a registry of its own: several can live in one process."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        requests = ("method", "route", "status")
        self.requests = Counter("ner_requests", "HTTP requests.", requests, registry=registry)
        self.refusals = Counter(
            "ner_refusals", "Requests refused, by reason.", ["reason"], registry=registry
        )
        self.in_flight = Gauge("ner_requests_in_flight", "Open requests.", registry=registry)
        self.answered = Histogram(
            "ner_request_seconds",
            "Time to answer a request, streams of events left out.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self.worked = Histogram(
            "ner_work_seconds",
            "Time at the models for one text, waiting included.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self.ready = Gauge("ner_ready", "1 if the default model is open.", registry=registry)
        self._busy = Counter("ner_busy", "Calls that found no slot.", ["kind"], registry=registry)
        self._working = Gauge("ner_working", "Calls at the models.", ["kind"], registry=registry)
        self._waiting = Gauge("ner_waiting", "Calls waiting.", ["kind"], registry=registry)

    def watch_slots(self, kind: str, slots: Slots) -> None:
        """Gauges for the slots of one kind, and a counter of calls that found none."""
        self._working.labels(kind).set_function(lambda: slots.running)
        self._waiting.labels(kind).set_function(lambda: slots.queued)
        slots.on_refusal = self._busy.labels(kind).inc
