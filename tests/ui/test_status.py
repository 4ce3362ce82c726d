"""What tab 'About' says of this server is what holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeSides, gate_of, service_of

from ner.markup import visible
from ner.models.open import Side
from ner.serving.addresses import Addresses
from ner.serving.bounds import Bounds
from ner.serving.service import Service
from ner.ui.status import server_facts


def shown(service: Service, *sides: Side) -> str:
    return server_facts(service, sides)


def test_limits_are_those_in_force() -> None:
    """Read from where they are enforced."""
    service = service_of(file_rows=123_456)
    text = shown(service)

    assert "<dd>123,456</dd>" in text
    for _, value, meaning in service.bounds.rows():
        assert value in text
        assert visible(meaning) in text


def test_readiness_and_open_models_are_told() -> None:
    """Why it is not ready; since when it is; which models passed their check, and which did not."""
    service = service_of()
    left, right = FakeSides().both
    failed = replace(right, withheld=gate_of(0.5, 300).refusal("INT8"))

    assert "Not ready. The default model is being opened." in shown(service)
    service.readiness.ready()
    text = shown(service, left, failed)
    assert "<dd>Ready.</dd>" in text
    assert "General English (bundled) · Original on CPU: checked" in text
    assert visible(str(failed.withheld)) in text


@pytest.mark.parametrize(("addresses", "expected"), [(True, "also logged"), (False, "not logged")])
def test_whether_addresses_are_logged_is_told(addresses: bool, expected: str) -> None:
    """As it is set."""
    assert f"requests; {expected}" in shown(Service(Bounds(), Addresses(logged=addresses)))
