"""What a million texts cost: the measured setup that keeps a limit of time, and a price an hour.

Arithmetic only; :mod:`ner.measuring.capacity` measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ner.errors import InputError
from ner.measuring.capacity import Capacity
from ner.schema import latency_json


def price_per_million(price_per_hour: float, texts_per_second: float) -> float:
    """What a million texts cost, in the currency of ``price_per_hour``.

    >>> round(price_per_million(0.36, 100.0), 6)
    1.0
    """
    return price_per_hour / (texts_per_second * 3600) * 1_000_000


def check_terms(p95_ms: float, price_per_hour: float | None = None) -> None:
    """``InputError`` for a limit that is no positive number, or a negative price."""
    if not (math.isfinite(p95_ms) and p95_ms > 0):
        raise InputError(f"A limit of {p95_ms:g} ms; expected milliseconds above 0, as 20.")
    if price_per_hour is not None and not (math.isfinite(price_per_hour) and price_per_hour >= 0):
        raise InputError(f"A price of {price_per_hour:g} an hour; expected 0 or more, as 0.10.")


@dataclass(frozen=True)
class Cost:
    """Setups that were measured, against a limit and a price.

    ``p95_ms`` is the most milliseconds that 95 of 100 requests may take. ``price_per_hour`` is what
    the machine costs, in any currency; None where nobody asked. ``InputError`` where nothing was
    measured, and as :func:`check_terms`.
    """

    capacities: tuple[Capacity, ...]
    p95_ms: float
    price_per_hour: float | None = None

    def __post_init__(self) -> None:
        if not self.capacities:
            raise InputError("No setup was measured; expected at least one.")
        check_terms(self.p95_ms, self.price_per_hour)

    @property
    def best(self) -> Capacity | None:
        """The most texts a second among the setups that keep the limit; None where none does."""
        within = [found for found in self.capacities if self.keeps(found)]
        return max(within, key=lambda found: found.texts_per_second, default=None)

    @property
    def nearest(self) -> Capacity:
        """The setup with the lowest p95."""
        return min(self.capacities, key=lambda found: found.latency.p95_ms)

    def keeps(self, found: Capacity) -> bool:
        """Whether its requests keep the limit."""
        return found.latency.p95_ms <= self.p95_ms

    def price(self, found: Capacity) -> float | None:
        """What a million texts cost with it; None without a price an hour."""
        if self.price_per_hour is None:
            return None
        return price_per_million(self.price_per_hour, found.texts_per_second)

    @property
    def sentence(self) -> str:
        """The answer in words: the best setup and its price, or what comes nearest."""
        best = self.best
        if best is None:
            nearest = self.nearest
            return (
                f"No setup keeps p95 within {self.p95_ms:g} ms. Nearest: {nearest.setup.title}, "
                f"p95 {nearest.latency.p95_ms:.1f} ms at {nearest.texts_per_second:,.0f} texts a "
                "second."
            )
        said = (
            f"At p95 within {self.p95_ms:g} ms: {best.texts_per_second:,.0f} texts a second "
            f"({min(best.rates):,.0f}–{max(best.rates):,.0f} in {len(best.rates)} rounds) with "
            f"{best.setup.title} (p95 {best.latency.p95_ms:.1f} ms, {best.latency.n:,} requests)."
        )
        price = self.price(best)
        if price is None:
            return said
        return f"{said} At {self.price_per_hour:g} an hour a million texts cost {_money(price)}."


def cost_rows(cost: Cost) -> list[tuple[str, ...]]:
    """The table below :data:`COST_COLUMNS`, a row for each setup, the fastest first."""
    ordered = sorted(cost.capacities, key=lambda found: -found.texts_per_second)
    return [
        (
            f"{found.setup.streams}",
            f"{found.setup.threads}",
            f"{found.setup.batch}",
            f"{found.latency.p95_ms:.1f}",
            f"{found.texts_per_second:,.0f}",
            "" if (price := cost.price(found)) is None else _money(price),
            "yes" if cost.keeps(found) else "no",
        )
        for found in ordered
    ]


COST_COLUMNS = (
    "streams",
    "threads",
    "texts a request",
    "p95 ms",
    "texts a second",
    "price of a million",
    "within the limit",
)


def cost_json(cost: Cost) -> dict[str, Any]:
    """The limit, every setup with its figures, and which is best; times in milliseconds."""
    best = cost.best
    return {
        "p95_ms": cost.p95_ms,
        "price_per_hour": cost.price_per_hour,
        "sentence": cost.sentence,
        "best": None if best is None else _capacity_json(cost, best),
        "setups": [_capacity_json(cost, found) for found in cost.capacities],
    }


def _capacity_json(cost: Cost, found: Capacity) -> dict[str, Any]:
    price = cost.price(found)
    return {
        "streams": found.setup.streams,
        "threads": found.setup.threads,
        "batch": found.setup.batch,
        **latency_json(found.latency),
        "texts_per_second": round(found.texts_per_second, 2),
        "rounds": [round(rate, 2) for rate in found.rates],
        "keeps_limit": cost.keeps(found),
        "price_per_million": None if price is None else float(f"{price:.6g}"),
    }


def _money(price: float) -> str:
    """Three significant digits, without an exponent: 0.0413, 12.3, 1,230."""
    if not price:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(price)))
    return f"{price:,.{digits}f}"
