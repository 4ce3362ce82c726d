"""What machines ask."""

from __future__ import annotations

from starlette.middleware import Middleware

from ner.serving.bounds import Bounds
from ner.serving.probes import Probes, Readiness
from serving.client import Client, client

BOUNDS = Bounds()


def probed(readiness: Readiness) -> Client:
    return client(Middleware(Probes, readiness, lambda: b"ner_ready 1\n"))


def test_readiness_tells_its_reasons() -> None:
    """503 while the model is opened and while draining, 200 between; alive all the time."""
    readiness = Readiness()
    asked = probed(readiness)

    first = asked.get("/readyz")
    assert 503 == first.status_code
    assert {"ready": False, "reasons": ["The default model is being opened."]} == first.json()
    assert "retry-after" in first.headers

    readiness.ready()
    assert {"ready": True, "reasons": []} == asked.get("/readyz").json()

    readiness.draining = True
    assert ["It is shutting down."] == asked.get("/readyz").json()["reasons"]
    assert 200 == asked.get("/healthz").status_code
    assert b"" == asked.head("/readyz").content


def test_metrics_are_text_that_prometheus_reads() -> None:
    """In the version of the format that its readers have always understood."""
    answer = probed(Readiness()).get("/metrics")

    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    assert "ner_ready 1\n" == answer.text
