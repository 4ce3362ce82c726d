"""The values of a run: what was timed at which length or over the file, and their ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ner.comparing.timing import Latency
from ner.stats import Estimate, ratio_estimate, ratio_verdict

ORIGINAL, BF16, INT8, AGAIN = "original FP32", "original BF16", "INT8", "INT8 again"
BARE, PEAK = "bare request", "matrix peak"
STREAM, FILE = "stream", "file"


@dataclass(frozen=True)
class LatencyRow:
    """One thing at one length: end to end from text to entities, or the bare request for it."""

    row: str
    tokens: int
    latency: Latency


@dataclass(frozen=True)
class StreamRow:
    """One thing over a stream of different texts, one after the other.

    ``latency`` has the mean time of a text for each round, ``texts`` of them in each.
    """

    row: str
    texts: int
    latency: Latency


@dataclass(frozen=True)
class ThroughputRow:
    """One thing over the whole of a ``file``: the ``seconds`` that each pass took."""

    row: str
    file: str
    texts: int
    seconds: tuple[float, ...]

    @property
    def texts_per_second(self) -> float:
        """Of the median pass."""
        return self.texts / median(self.seconds)


@dataclass(frozen=True)
class Share:
    """What one thing did of what the machine can, over a ``file``: operations a second of each."""

    row: str
    file: str
    operations_per_second: float
    peak: float

    @property
    def value(self) -> float:
        """In [0, 1], but for noise."""
        return self.operations_per_second / self.peak


@dataclass(frozen=True)
class Ratio:
    """``numerator`` over ``denominator`` in time, paired by round."""

    numerator: str
    denominator: str
    estimate: Estimate

    @property
    def verdict(self) -> str:
        """In words: how many times faster the denominator is, or that no difference is shown."""
        return ratio_verdict(self.estimate)


def ratios_of(
    latency: Sequence[LatencyRow],
    stream: Sequence[StreamRow],
    throughput: Sequence[ThroughputRow],
) -> dict[str, Ratio]:
    """Every row over INT8, and INT8 over its bare request: at each length, in the stream, by file.

    The key tells where: ``original FP32 / INT8, stream``.
    """
    series: dict[str, dict[str, tuple[float, ...]]] = {}
    for timed in latency:
        series.setdefault(f"{timed.tokens} tokens", {})[timed.row] = timed.latency.samples_ms
    for row in stream:
        series.setdefault(STREAM, {})[row.row] = row.latency.samples_ms
    for passes in throughput:
        series.setdefault(passes.file, {})[passes.row] = passes.seconds
    ratios = {}
    for where, rows in series.items():
        for name in rows:
            if name == INT8 or PEAK in name:
                continue
            bare = name.startswith(f"{INT8}, ")
            top, bottom = (INT8, name) if bare else (name, INT8)
            if not bare and BARE in name:
                continue
            estimate = ratio_estimate(rows[top], rows[bottom])
            ratios[f"{top} / {bottom}, {where}"] = Ratio(top, bottom, estimate)
    return ratios
