"""What Prometheus reads."""

from __future__ import annotations

from fakes import service_of
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ner.serving.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each value by name and labels, as a reader of the format finds it."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


@given(st.lists(st.floats(0, 20)))
def test_a_histogram_counts_what_is_below_each_bound(seconds: list[float]) -> None:
    """Every bound counts all durations up to it, the last one all there are."""
    metrics = Metrics()
    for duration in seconds:
        metrics.answered.observe(duration)

    found = samples(metrics)
    for (name, labels), count in found.items():
        if name == "ner_request_seconds_bucket":
            bound = float(dict(labels)["le"])
            assert sum(duration <= bound for duration in seconds) == count
    assert len(seconds) == found["ner_request_seconds_count", frozenset()]


def test_labels_are_escaped() -> None:
    """Quotes, backslashes and line ends in them come back as they were."""
    metrics = Metrics()
    metrics.begin()
    metrics.end("GET", '"\\\n', 200, None)

    assert '"\\\n' in {dict(labels).get("route") for _, labels in samples(metrics)}


def test_all_metrics_of_the_app_are_there() -> None:
    """Requests, refusals, what is at work and waits, times, memory, whether a model is open."""
    service = service_of()
    service.metrics.begin()
    service.metrics.end("POST", "/x", 429, "rate")
    text = service.metrics.text().decode()

    assert 'ner_requests_total{method="POST",route="/x",status="429"} 1' in text
    assert 'ner_refusals_total{reason="rate"} 1' in text
    assert "ner_requests_in_flight 0" in text
    assert 'ner_working{kind="text"} 0' in text
    assert 'ner_waiting{kind="long"} 0' in text
    assert 'ner_busy_total{kind="text"} 0' in text
    assert "ner_request_seconds_bucket" in text
    assert "ner_work_seconds_bucket" in text
    assert "ner_ready 0" in text
    [memory] = [line for line in text.splitlines() if line.startswith("process_resident")]
    assert float(memory.split()[1]) > 1e6
    assert "process_start_time_seconds" in text


def test_what_is_at_work_is_read_at_the_moment_it_is_asked_for() -> None:
    """So is readiness."""
    service = service_of()
    text = ("ner_working", frozenset({("kind", "text")}))
    with service.short.slot():
        assert 1.0 == samples(service.metrics)[text]
    service.readiness.ready()

    found = samples(service.metrics)
    assert 0.0 == found[text]
    assert 1.0 == found["ner_ready", frozenset()]


def test_apps_of_one_process_count_apart() -> None:
    """Each has a registry of its own."""
    first, second = Metrics(), Metrics()
    first.begin()
    first.end("GET", "/", 200, "rate")

    labels = {"reason": "rate"}
    assert 1.0 == first.registry.get_sample_value("ner_refusals_total", labels)
    assert second.registry.get_sample_value("ner_refusals_total", labels) is None
