"""What the operator's README says is so: variables, limits, order, metrics, fields of the log."""

from __future__ import annotations

import math
import re
from pathlib import Path

from fakes import service_of

from ner.serving import bounds
from ner.serving.bounds import Bounds
from ner.serving.launch import middleware
from serving.client import page_of

FOLDER = Path(bounds.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def table(head: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``head``."""
    lines = README.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_limits_are_those_in_force() -> None:
    """All of them, in their words."""
    assert [[f"`{name}`", *rest] for name, *rest in Bounds().rows()] == table("bound")


def test_the_defaults_of_variables_are_those_of_the_bounds() -> None:
    """Rate, burst and draining."""
    default = Bounds()
    stated = {row[0]: row[2] for row in table("variable")}
    rates = f"{default.requests_per_minute}, {default.request_burst}"

    assert rates == stated["`NER_RATE_PER_MINUTE`, `NER_RATE_BURST`"]
    assert str(default.drain_seconds) == stated["`NER_DRAIN_SECONDS`"]


def test_files_are_deleted_within_the_time_that_is_promised() -> None:
    """Two hours, for the page and for what is kept."""
    assert "deleted within\ntwo hours" in README
    assert 2 == math.ceil(Bounds().longest_kept / 3600)


def test_the_order_is_the_one_that_requests_go_through() -> None:
    """Outermost first."""
    named = re.findall(r"`(\w+)`", README.split("in order:")[1].split("([")[0])

    assert [layer.cls.__name__ for layer in middleware(page_of(), service_of())] == named  # type: ignore[attr-defined]


def test_every_metric_stands_in_the_table() -> None:
    """With its labels; when each was created is left out, as the library adds it by itself."""
    metrics = service_of().metrics
    metrics.requests.labels("GET", "/", "200").inc()
    metrics.refusals.labels("rate").inc()
    found = {
        metric.name + ("_total" if metric.type == "counter" else ""): {
            label for sample in metric.samples for label in sample.labels if label != "le"
        }
        for metric in metrics.registry.collect()
        if not metric.name.startswith("process_")
    }
    stated = {
        name: set(re.findall(r"`(\w+)`", row[1]))
        for row in table("metric")
        for name in re.findall(r"`(ner_\w+)`", row[0])
    }

    assert found == stated
