"""Estimates with their intervals: bootstrap and paired tests, vectorized and seeded.

Intervals are percentile bootstrap intervals (Efron & Tibshirani, An Introduction to the Bootstrap,
1993, chapter 13). What is resampled is the unit that varies by itself: a pair of interleaved runs,
or a sentence. A row is the additive ``(tp, fp, fn)`` of one sentence; F1 = 2 tp / (2 tp + fp + fn).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 2_000
LEVEL = 0.95
# With five pairs that all point the same way a two-sided sign test has p = 2 / 2^5 = 0.06: fewer
# units than six can show nothing at 5 %, although their bootstrap interval may be narrow.
FEWEST_UNITS = 6

# The same figures give the same interval.
_SEED = 0
# Random numbers drawn at a time, so that memory does not grow with the series.
_CHUNK = 1 << 21
# Resamples no further apart than this are equal but for rounding.
_EQUAL = 1e-12

Row = tuple[float, float, float]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, at 95 % (``LEVEL``) wherever nothing else is said.

    ``low`` and ``high`` are its ends, both included; ``high`` may be infinite.
    """

    value: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def known(self) -> bool:
        """Whether the interval says anything: False where there were too few units for one."""
        return (self.low, self.high) not in ((0.0, 1.0), (-1.0, 1.0), (0.0, math.inf))

    def number(self, scale: float = 100, decimals: int = 1, *, sign: bool = False) -> str:
        """The value alone.

        >>> Estimate(-0.0123, -0.02, 0.01).number(sign=True)
        '−1.2'
        """
        return written(scale * self.value, decimals, sign=sign)

    def range(self, scale: float = 100, decimals: int = 1, *, sign: bool = False) -> str:
        """The interval alone; with signs the ends are joined by 'to'.

        >>> Estimate(0.0, -0.02, 0.01).range(sign=True)
        '−2.0 to +1.0'
        """
        ends = (written(scale * end, decimals, sign=sign) for end in (self.low, self.high))
        return (" to " if sign else "–").join(ends)

    def text(self, scale: float = 100, decimals: int = 1, *, sign: bool = False) -> str:
        """The value with its interval, times ``scale``.

        >>> Estimate(0.931, 0.918, 0.942).text(), Estimate(2.0, 1.5, math.inf).text(1, 0)
        ('93.1 (91.8–94.2)', '2 (2–∞)')
        >>> Estimate(-0.003, -0.012, 0.0004).text(sign=True)
        '−0.3 (−1.2 to 0.0)'
        """
        interval = self.range(scale, decimals, sign=sign)
        return f"{self.number(scale, decimals, sign=sign)} ({interval})"


def written(value: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A number with so many decimals, with its sign if asked; never a negative zero.

    >>> written(-1.23), written(-0.01), written(0.5, sign=True)
    ('−1.2', '0.0', '+0.5')
    """
    if math.isinf(value):
        return "∞"
    text = f"{value:.{decimals}f}"
    if not float(text):
        return text.removeprefix("-")
    return ("+" if sign and value > 0 else "") + text.replace("-", "−")


def count_of(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count_of(1, "entity"), count_of(2000, "more entity"), count_of(0, "error")
    ('1 entity', '2,000 more entities', '0 errors')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def unseen_rate(units: float, level: float = LEVEL) -> float:
    """The rate that a mishap may still have which was not seen among so many units (over 0).

    At 95 % about 3 / n, the 'rule of three' (Hanley & Lippman-Hand, JAMA 249(13), 1983).

    >>> round(unseen_rate(300), 4)
    0.01
    """
    return -math.log(1 - level) / units


def ratio_estimate(numerator: Sequence[float], denominator: Sequence[float]) -> Estimate:
    """median(numerator) / median(denominator) of two interleaved timing series.

    Sample i of one ran next to sample i of the other, so pairs are resampled and drift that both
    share cancels. In any one unit; all samples above zero. The interval is from 0 to infinity where
    there are fewer pairs than ``FEWEST_UNITS``. Raises ``ValueError`` if the lengths differ.
    """
    series = np.array([numerator, denominator], dtype=np.float64)
    pairs = series.shape[1]
    top, bottom = np.median(series, axis=1)
    if pairs < FEWEST_UNITS:
        return Estimate(float(top / bottom), 0.0, math.inf)
    rng = np.random.default_rng(_SEED)
    draws = (rng.integers(pairs, size=(size, pairs)) for size in _portions(pairs))
    medians = [np.median(series[:, drawn], axis=2) for drawn in draws]
    tops, bottoms = np.concatenate(medians, axis=1)
    return Estimate(float(top / bottom), *_percentiles(tops / bottoms))


def speed_in_words(as_fast: Estimate) -> str:
    """What 'so many times as fast' claims: only an interval that leaves out 1 claims anything.

    >>> speed_in_words(Estimate(1.75, 1.6, 1.9)), speed_in_words(Estimate(0.82, 0.8, 0.9))
    ('1.8 × as fast', '22 % slower')
    """
    if 1.0 in as_fast:
        return "about as fast"
    if as_fast.value < 1:
        return f"{100 / as_fast.value - 100:.0f} % slower"
    return f"{as_fast.value:.1f} × as fast"


def median_estimate(samples: Sequence[float]) -> Estimate:
    """The median of ``samples``, which are above zero, in their unit.

    The interval is from 0 to infinity where there are fewer than ``FEWEST_UNITS``.
    """
    return ratio_estimate(samples, [1.0] * len(samples))


def f1_estimate(rows: Sequence[Row], *, level: float = LEVEL, of_nothing: float = 0.0) -> Estimate:
    """The micro F1 of ``rows``, its interval by resampling sentences, at ``level`` in (0, 1).

    Resamples without any entity have no F1 and are left out; ``of_nothing`` is the F1 where there
    is none at all. The interval is [0, 1] where fewer sentences than ``FEWEST_UNITS`` hold an
    entity. Where all resamples are equal, as without any error, its ends are those of the rule of
    three.
    """
    return _bootstrapped(
        _units(rows), _f1, (1.0, 0.5, 0.5), lowest=0.0, level=level, of_nothing=of_nothing
    )


def f1_difference(first: Sequence[Row], second: Sequence[Row]) -> Estimate:
    """F1(second) - F1(first), its interval from both on the same resampled sentences.

    A side that finds nothing where nothing is to be found has an F1 of 0 there. The interval is
    [-1, 1] where fewer sentences than ``FEWEST_UNITS`` hold an entity. Where the two differ in no
    resample, its ends are those of the rule of three. Raises ``ValueError`` if the lengths differ.
    (Koehn, Statistical Significance Tests for Machine Translation Evaluation, EMNLP 2004.)
    """

    def difference(sums: _Floats) -> _Floats:
        before, after = (np.nan_to_num(_f1(side)) for side in np.split(sums, 2, axis=-1))
        return after - before

    units = np.hstack([_units(first), _units(second)])
    return _bootstrapped(units, difference, (1.0, 0.0, 1.0, 0.0, 0.0, 0.0), lowest=-1.0)


def _bootstrapped(
    units: _Floats,
    figure: Callable[[_Floats], _Floats],
    entities: Sequence[float],
    *,
    lowest: float,
    level: float = LEVEL,
    of_nothing: float = 0.0,
) -> Estimate:
    """``figure`` of the sum of ``units``, its interval by resampling them.

    ``entities`` are the weights by which columns add up to the entities that could differ;
    ``lowest`` is the least that there can be, and 1 the most.
    """
    total = units.sum(axis=0)
    value = float(np.nan_to_num(figure(total), nan=of_nothing))
    if np.count_nonzero(units.any(axis=1)) < FEWEST_UNITS:
        return Estimate(value, lowest, 1.0)
    low, high = _percentiles(figure(_resampled_sums(units)), level)
    if high - low <= _EQUAL:
        # A bootstrap that saw no variation says nothing: the rule of three takes its place.
        seen = float(total @ entities)
        rate = unseen_rate(seen, level) if seen else 1.0 - lowest
        low, high = max(lowest, value - rate), min(1.0, value + rate)
    return Estimate(value, low, high)


def mcnemar_p(added: int, removed: int) -> float:
    """The exact two-sided p of 'errors are added as often as removed'; 1.0 when there are none.

    Each decision that only one of two systems got right is a toss of a fair coin under that
    hypothesis. (McNemar 1947; exact form: Dietterich, Neural Computation 10(7), 1998.)
    """
    # Takes half a second to import, which nobody who only tags should wait for.
    from scipy.stats import binomtest

    if added + removed == 0:
        return 1.0
    return float(binomtest(added, added + removed).pvalue)


def _f1(sums: _Floats) -> _Floats:
    """F1 of ``(tp, fp, fn)`` in the last axis; NaN where all three are zero."""
    tp, fp, fn = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * tp / (2 * tp + fp + fn))


def _units(rows: Sequence[Row]) -> _Floats:
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3)


def _resampled_sums(units: _Floats) -> _Floats:
    """Sums over resampled rows; shape ``(resamples, columns)``.

    Few different rows occur, so how often each is drawn (multinomial) stands for the draws.
    """
    distinct, times = np.unique(units, axis=0, return_counts=True)
    rng = np.random.default_rng(_SEED)
    shares = times / len(units)
    draws = (rng.multinomial(len(units), shares, size=size) for size in _portions(len(distinct)))
    return np.concatenate([drawn @ distinct for drawn in draws])


def _portions(width: int) -> list[int]:
    """The resamples, in portions of at most ``_CHUNK`` numbers when each takes ``width``."""
    step = max(1, _CHUNK // width)
    return [min(step, RESAMPLES - begun) for begun in range(0, RESAMPLES, step)]


def _percentiles(values: _Floats, level: float = LEVEL) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)
