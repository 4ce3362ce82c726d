"""What Prometheus reads."""

from __future__ import annotations

from fakes import service_of

from ner.serving.metrics import Metrics


def test_what_is_at_work_is_read_at_the_moment_it_is_asked_for() -> None:
    """So is readiness."""
    service = service_of()
    value = service.metrics.registry.get_sample_value
    with service.short.slot():
        assert 1.0 == value("ner_working", {"kind": "text"})
    service.readiness.ready()

    assert 0.0 == value("ner_working", {"kind": "text"})
    assert 1.0 == value("ner_ready")


def test_apps_of_one_process_count_apart() -> None:
    """Each has a registry of its own."""
    first, second = Metrics(), Metrics()
    first.refusals.labels("rate").inc()

    labels = {"reason": "rate"}
    assert 1.0 == first.registry.get_sample_value("ner_refusals_total", labels)
    assert second.registry.get_sample_value("ner_refusals_total", labels) is None
