"""What the page's handlers and the guard before them share."""

from __future__ import annotations

from ner.serving.addresses import Addresses
from ner.serving.admission import Slots
from ner.serving.bounds import Bounds
from ner.serving.metrics import Metrics
from ner.serving.probes import Readiness
from ner.serving.rates import TokenBuckets
from ner.serving.uploads import Quota


class Service:
    """Bounds, rates, slots, quota, readiness and counters of one running app.

    ``short`` are the slots for single texts; ``long`` those for files, evaluations and
    measurements, which so never hold up single texts.
    """

    def __init__(self, bounds: Bounds, addresses: Addresses) -> None:
        self.bounds = bounds
        self.addresses = addresses
        self.readiness = Readiness()
        self.metrics = Metrics()
        self.quota = Quota(bounds)
        self.rates = TokenBuckets(
            bounds.requests_per_minute / 60, bounds.request_burst, clients=bounds.clients
        )
        self.short = Slots(bounds.short, took=self.metrics.worked.observe)
        self.long = Slots(bounds.long)
        self.metrics.watch_slots("text", self.short)
        self.metrics.watch_slots("long", self.long)
        self.metrics.ready.set_function(lambda: not self.readiness.reasons)
