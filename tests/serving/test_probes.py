"""What machines ask."""

from __future__ import annotations

from starlette.applications import Starlette

from ner.serving.metrics import Metrics
from ner.serving.probes import Readiness, probe_routes
from serving.client import Client


def test_readiness_tells_its_reasons() -> None:
    """503 while the model is opened and while draining, 200 between; alive all the time."""
    readiness = Readiness()
    asked = Client(Starlette(routes=probe_routes(readiness, Metrics().registry)), "203.0.113.7")

    first = asked.get("/readyz")
    assert 503 == first.status_code
    assert {"ready": False, "reasons": ["The default model is being opened."]} == first.json()
    assert "30" == first.headers["retry-after"]
    assert "no-store" == first.headers["cache-control"]

    readiness.ready()
    assert {"ready": True, "reasons": []} == asked.get("/readyz").json()

    readiness.draining = True
    assert ["It is shutting down."] == asked.get("/readyz").json()["reasons"]
    assert 200 == asked.get("/healthz").status_code
    assert b"" == asked.head("/readyz").content


def test_metrics_are_text_that_prometheus_reads() -> None:
    """In the version of the format that its readers have always understood."""
    metrics = Metrics()
    metrics.ready.set(1)
    asked = Client(Starlette(routes=probe_routes(Readiness(), metrics.registry)), "203.0.113.7")
    answer = asked.get("/metrics")

    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    assert "\nner_ready 1.0\n" in answer.text
