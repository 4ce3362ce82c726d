"""What a million texts cost: arithmetic on setups that were made up."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ner.choosing.capacity import COST_COLUMNS, Cost, cost_json, cost_rows, price_per_million
from ner.comparing.timing import Latency
from ner.errors import InputError
from ner.measuring.capacity import Capacity, Setup

RATES = st.floats(0.1, 1e5)
MILLISECONDS = st.floats(0.01, 1e4)
PRICES = st.floats(0.001, 1e3)
CAPACITIES = st.lists(
    st.builds(
        lambda batch, ms, rate: Capacity(Setup(1, 2, batch), Latency((ms,) * 20), (rate,) * 3),
        st.integers(1, 64),
        MILLISECONDS,
        RATES,
    ),
    min_size=1,
    max_size=8,
).map(tuple)


def capacity(batch: int, p95_ms: float, rate: float) -> Capacity:
    return Capacity(Setup(2, 2, batch), Latency((p95_ms,) * 20), (rate, rate, rate))


def test_the_price_of_a_million_is_that_of_its_hours() -> None:
    """A million texts at 100 a second take 10,000 seconds, 2.78 hours."""
    assert price_per_million(0.36, 100.0) == pytest.approx(1.0)


@given(PRICES, RATES)
def test_the_price_pays_for_the_hours_that_a_million_texts_take(price: float, rate: float) -> None:
    """Hours needed, times the price of an hour; twice the rate costs half."""
    hours = 1_000_000 / rate / 3600

    assert price_per_million(price, rate) == pytest.approx(hours * price)
    assert price_per_million(price, 2 * rate) == pytest.approx(price_per_million(price, rate) / 2)


@given(CAPACITIES, MILLISECONDS, PRICES)
def test_the_best_keeps_the_limit_and_nothing_that_does_is_cheaper(
    capacities: tuple[Capacity, ...], limit: float, price: float
) -> None:
    """Fastest within the limit is cheapest within the limit."""
    cost = Cost(capacities, limit, price)
    within = [found for found in capacities if found.latency.p95_ms <= limit]
    assume(within)

    assert cost.best in within
    assert cost.best is not None
    assert cost.price(cost.best) == min(map(cost.price, within))
    assert f"{cost.best.setup.title}" in cost.sentence


@given(CAPACITIES, MILLISECONDS)
def test_a_limit_that_nothing_keeps_names_the_nearest(
    capacities: tuple[Capacity, ...], limit: float
) -> None:
    """No other has a lower p95, and the sentence says by how much the limit is missed."""
    assume(all(found.latency.p95_ms > limit for found in capacities))
    cost = Cost(capacities, limit, 1.0)

    assert cost.best is None
    assert cost.nearest.latency.p95_ms == min(found.latency.p95_ms for found in capacities)
    assert cost.sentence.startswith(f"No setup keeps p95 within {limit:g} ms. Nearest: ")
    assert cost.nearest.setup.title in cost.sentence


@given(CAPACITIES, MILLISECONDS, st.none() | PRICES)
def test_the_json_is_strict_and_the_table_whole(
    capacities: tuple[Capacity, ...], limit: float, price: float | None
) -> None:
    """Every setup is in both; the best is one of them; no price where none was given."""
    cost = Cost(capacities, limit, price)
    answer = json.loads(json.dumps(cost_json(cost), allow_nan=False))
    rows = cost_rows(cost)

    assert len(capacities) == len(answer["setups"]) == len(rows)
    assert {len(COST_COLUMNS)} == set(map(len, rows))
    assert answer["best"] is None or answer["best"] in answer["setups"]
    assert all(
        (found["price_per_million"] is None) == (price is None) for found in answer["setups"]
    )


def test_the_sentence_of_a_limit_that_is_kept() -> None:
    """Rate with its range, setup, p95 with its number of requests, and the price."""
    cost = Cost((capacity(1, 3.0, 400.0), capacity(16, 12.0, 640.0)), 20.0, 0.1)

    assert cost.sentence == (
        "At p95 within 20 ms: 640 texts a second (640–640 in 3 rounds) with 2 streams on 2 "
        "threads, 16 texts a request (p95 12.0 ms, 20 requests). At 0.1 an hour a million texts "
        "cost 0.0434."
    )


@pytest.mark.parametrize(
    ("limit", "price"),
    [(0.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (float("inf"), 1.0), (5.0, -0.1)],
)
def test_a_limit_or_price_that_is_none_is_refused(limit: float, price: float) -> None:
    """With what was given and what is expected."""
    with pytest.raises(InputError, match="expected"):
        Cost((capacity(1, 3.0, 400.0),), limit, price)
