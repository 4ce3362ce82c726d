"""What the page's handlers and the middleware before them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
from starlette.middleware import Middleware

from ner.serving.admission import Admission
from ner.serving.bodies import Limits
from ner.serving.bounds import Settings
from ner.serving.metrics import Metrics, series
from ner.serving.probes import Health, Readiness
from ner.serving.rates import Buckets, RateLimit
from ner.serving.request_log import RequestLog
from ner.serving.routes import Doors
from ner.serving.slots import Places
from ner.serving.streams import Streams
from ner.serving.uploads import Quota, Uploads

# One text at a time is tagged, since one inference uses all cores.
AT_ONCE = 1
# Files, evaluations and measurements: together, and how long one waits for its turn, in seconds.
LONG_AT_ONCE = 2
LONG_QUEUE = 8
LONG_PATIENCE = 60.0


@dataclass(frozen=True)
class Service:
    """Settings, places at the models, readiness and counters of one running app.

    ``opened`` tells which models are open.
    """

    settings: Settings = field(default_factory=Settings)
    readiness: Readiness = field(default_factory=Readiness)
    metrics: Metrics = field(default_factory=Metrics)
    opened: Callable[[], Sequence[Any]] = tuple
    quota: Quota = field(default_factory=Quota)
    short: Places = field(default_factory=lambda: Places(AT_ONCE))
    long: Places = field(
        default_factory=lambda: Places(
            LONG_AT_ONCE, queue=LONG_QUEUE, reserve=LONG_QUEUE // 2, patience=LONG_PATIENCE
        )
    )

    def __post_init__(self) -> None:
        self.short.took = self.metrics.worked.add

    def middleware(self, calls: Callable[[], int] = lambda: 0) -> list[Middleware]:
        """One for each concern, the outermost first; ``calls`` as in `Admission`."""
        settings, proxy = self.settings, self.settings.trust_proxy
        stack = [
            Middleware(RequestLog, self.metrics, settings.log_addresses, proxy),
            Middleware(Limits),
            Middleware(Health, self.readiness, self.measured),
            Middleware(Streams, proxy),
            Middleware(Uploads, self.quota, proxy),
            Middleware(Admission, self.short, self.long, calls),
            Middleware(Doors),
        ]
        if settings.rate_per_minute:
            buckets = Buckets(settings.rate_per_minute / 60, settings.burst)
            stack.insert(3, Middleware(RateLimit, buckets, proxy))
        return stack

    def measured(self) -> list[str]:
        """All metrics, those that are read here and now among them."""
        places = (("text", self.short), ("long", self.long))
        process = psutil.Process()
        return [
            *self.metrics.lines(),
            *series(
                "ner_working",
                "gauge",
                "At the models.",
                (({"kind": k}, p.working) for k, p in places),
            ),
            *series(
                "ner_waiting",
                "gauge",
                "Waiting for them.",
                (({"kind": k}, p.waiting) for k, p in places),
            ),
            *series(
                "ner_busy_total",
                "counter",
                "Sent away by them.",
                (({"kind": k}, p.refused) for k, p in places),
            ),
            *series(
                "ner_ready",
                "gauge",
                "1 if the default model is open.",
                [({}, not self.readiness.reasons)],
            ),
            *series(
                "process_resident_memory_bytes",
                "gauge",
                "Memory.",
                [({}, process.memory_info().rss)],
            ),
            *series("process_start_time_seconds", "gauge", "Start.", [({}, process.create_time())]),
        ]
