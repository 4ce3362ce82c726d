"""One line for each request, and no text in it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fakes import service_of
from starlette.middleware import Middleware

from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds
from ner.serving.guard import Guard
from ner.serving.metrics import Metrics
from ner.serving.request_log import LOG, RequestLog
from serving.client import SECRET, client, page_of

BOUNDS = Bounds()


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one line that was logged."""
    [record] = [line for line in caplog.records if line.levelno == logging.INFO]
    entry: dict[str, Any] = json.loads(record.getMessage())
    return entry


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged for requests."""
    caplog.set_level(logging.INFO, logger=LOG.name)
    return caplog


def test_a_request_is_one_line_without_text_query_or_address(
    log: pytest.LogCaptureFixture,
) -> None:
    """Its id is the one that the client is given."""
    answer = client(Middleware(RequestLog, Metrics(), Addresses())).post(
        f"/{SECRET}?text={SECRET}", content=SECRET
    )
    entry = logged(log)

    assert {"time", "id", "method", "route", "status", "ms"} == set(entry)
    assert ("POST", "/{path:path}", 200) == (entry["method"], entry["route"], entry["status"])
    assert answer.headers["x-request-id"] == entry["id"]
    assert "Ada" not in log.text
    assert "203.0.113" not in log.text


def test_the_address_is_logged_where_that_is_asked_for(log: pytest.LogCaptureFixture) -> None:
    """And only there."""
    client(Middleware(RequestLog, Metrics(), Addresses(logged=True))).get("/")

    assert "203.0.113.7" == logged(log)["address"]


def test_a_refusal_is_logged_and_counted_with_its_reason(log: pytest.LogCaptureFixture) -> None:
    """As any other request, with the reason besides."""
    metrics = Metrics()
    guard = Middleware(Guard, page_of(), service_of())
    stack = (Middleware(RequestLog, metrics, Addresses()), guard)
    client(*stack).post("/x", content=b"x" * (BOUNDS.body_bytes + 1))

    assert ("body", 413) == (logged(log)["refused"], logged(log)["status"])
    value = metrics.registry.get_sample_value
    assert 1.0 == value("ner_refusals_total", {"reason": "body"})
    labels = {"method": "POST", "route": "other", "status": "413"}
    assert 1.0 == value("ner_requests_total", labels)
    assert 0.0 == value("ner_requests_in_flight")


def test_a_failure_tells_its_id_and_nothing_else(log: pytest.LogCaptureFixture) -> None:
    """The log has the rest under that id."""
    answer = client(Middleware(RequestLog, Metrics(), Addresses())).get("/broken")

    assert 500 == answer.status_code
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert SECRET not in answer.text
    assert f"failure {answer.headers['x-request-id']}" in log.text
    assert 500 == logged(log)["status"]
