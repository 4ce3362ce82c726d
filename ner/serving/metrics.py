"""What is counted, and how Prometheus reads it.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

# Upper bounds in seconds; one text takes milliseconds, a long one seconds.
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = Mapping[str, str]


class Histogram:
    """Counts of durations up to each bound, and their sum."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Count one duration."""
        with self._lock:
            self._counts[bisect_left(_BOUNDS, seconds)] += 1
            self._sum += seconds

    def lines(self, name: str, what: str) -> list[str]:
        """The histogram as Prometheus reads it; bounds count all that is below them."""
        with self._lock:
            counts, total = list(accumulate(self._counts)), self._sum
        bounds = [*map(str, _BOUNDS), "+Inf"]
        return [
            f"# HELP {name} {what}",
            f"# TYPE {name} histogram",
            *(
                f'{name}_bucket{{le="{bound}"}} {count}'
                for bound, count in zip(bounds, counts, strict=True)
            ),
            f"{name}_sum {total:.6f}",
            f"{name}_count {counts[-1]}",
        ]


@dataclass
class Metrics:
    """What happened since the start: requests by route and status, refusals by reason, times."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    answered: Histogram = field(default_factory=Histogram)
    worked: Histogram = field(default_factory=Histogram)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """A request came in."""
        with self._lock:
            self.in_flight += 1

    def end(self, method: str, route: str, status: int, refused: str | None) -> None:
        """It was answered; ``refused`` is the reason if it was."""
        with self._lock:
            self.in_flight -= 1
            self.requests[method, route, status] += 1
            if refused is not None:
                self.refusals[refused] += 1

    def lines(self) -> list[str]:
        """Everything as Prometheus reads it."""
        with self._lock:
            requests, refusals = dict(self.requests), dict(self.refusals)
        return [
            *series(
                "ner_requests_total",
                "counter",
                "HTTP requests.",
                (
                    ({"method": method, "route": route, "status": str(status)}, count)
                    for (method, route, status), count in sorted(requests.items())
                ),
            ),
            *series(
                "ner_refusals_total",
                "counter",
                "Requests refused, by reason.",
                (({"reason": reason}, count) for reason, count in sorted(refusals.items())),
            ),
            *series("ner_requests_in_flight", "gauge", "Open requests.", [({}, self.in_flight)]),
            *self.answered.lines(
                "ner_request_seconds", "Time to answer a request, streams of events left out."
            ),
            *self.worked.lines(
                "ner_work_seconds", "Time at the models for one text, waiting included."
            ),
        ]


def series(name: str, kind: str, what: str, values: Iterable[tuple[Labels, float]]) -> list[str]:
    """One metric as Prometheus reads it, a line for each set of labels."""
    lines = [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]
    for labels, value in values:
        number = f"{value:.15g}"
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{{{written}}} {number}" if written else f"{name} {number}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
