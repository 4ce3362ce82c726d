"""How sure a figure is: bootstrap intervals and paired tests, all vectorized and seeded.

Intervals are percentile bootstrap intervals (Efron & Tibshirani, An Introduction to the Bootstrap,
1993, chapter 13). What is resampled is the unit that varies by itself: a pair of interleaved runs,
or a sentence. A row is the additive ``(tp, fp, fn)`` of one sentence; F1 = 2 tp / (2 tp + fp + fn).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 2_000
LEVEL = 0.95
# With five pairs that all point the same way a two-sided sign test has p = 2 / 2^5 = 0.06: fewer
# units than six can show nothing at 5 %, although their bootstrap interval may be narrow.
FEWEST_UNITS = 6
NO_DIFFERENCE = "no difference shown"

# Random numbers drawn at a time, so that memory does not grow with the series.
_CHUNK = 1 << 21

Row = tuple[float, float, float]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval, both ends included; ``high`` may be infinite where nothing is known.

    At 95 % (``LEVEL``) wherever nothing else is said.
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    interval: Interval


def ratio_interval(
    numerator: Sequence[float], denominator: Sequence[float], *, seed: int = 0
) -> Interval:
    """The interval of median(numerator) / median(denominator) of two interleaved timing series.

    Sample i of one ran next to sample i of the other, so pairs are resampled and drift that both
    share cancels. In any one unit; all samples above zero. From 0 to infinity where there are
    fewer pairs than ``FEWEST_UNITS``. Raises ``ValueError`` if the lengths differ.
    """
    series = np.array([numerator, denominator], dtype=np.float64)
    pairs = series.shape[1]
    if pairs < FEWEST_UNITS:
        return Interval(0.0, math.inf)
    rng = np.random.default_rng(seed)
    ratios = []
    for size in _sizes(pairs):
        medians = np.median(series[:, rng.integers(pairs, size=(size, pairs))], axis=2)
        ratios.append(medians[0] / medians[1])
    return _percentiles(np.concatenate(ratios))


def ratio_verdict(ratio: float, interval: Interval) -> str:
    """The sentence for 'ratio times faster': only an interval that leaves out 1 claims anything."""
    if 1.0 in interval:
        return NO_DIFFERENCE
    if ratio > 1.0:
        return f"{ratio:.2f} × faster [{interval.low:.2f}–{interval.high:.2f}]"
    return f"{1 / ratio:.2f} × slower [{1 / interval.high:.2f}–{1 / interval.low:.2f}]"


def median_interval(samples: Sequence[float], *, seed: int = 0) -> Interval:
    """The interval of the median of ``samples``, which are above zero, in their unit.

    From 0 to infinity where there are fewer than ``FEWEST_UNITS``.
    """
    series = np.asarray(samples, dtype=np.float64)
    if len(series) < FEWEST_UNITS:
        return Interval(0.0, math.inf)
    rng = np.random.default_rng(seed)
    medians = [
        np.median(series[rng.integers(len(series), size=(size, len(series)))], axis=1)
        for size in _sizes(len(series))
    ]
    return _percentiles(np.concatenate(medians))


def f1_interval(rows: Sequence[Row], *, seed: int = 0, level: float = LEVEL) -> Interval:
    """The interval of the micro F1 of ``rows``, resampling sentences, at ``level`` in (0, 1).

    Resamples without any entity have no F1 and are left out. [0, 1] where fewer sentences than
    ``FEWEST_UNITS`` hold an entity.
    """
    units = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
    if _too_few(units):
        return Interval(0.0, 1.0)
    return _percentiles(_f1(_resampled_sums(units, seed)), level)


def f1_difference_interval(
    first: Sequence[Row], second: Sequence[Row], *, seed: int = 0
) -> Interval:
    """The interval of F1(second) - F1(first), both on the same resampled sentences.

    A side that finds nothing where nothing is to be found has an F1 of 0 there. [-1, 1] where
    fewer sentences than ``FEWEST_UNITS`` hold an entity. Raises ``ValueError`` if the lengths
    differ. (Koehn, Statistical Significance Tests for Machine Translation Evaluation, EMNLP 2004.)
    """
    units = _side_by_side(first, second)
    if _too_few(units):
        return Interval(-1.0, 1.0)
    sums = _resampled_sums(units, seed)
    before, after = np.nan_to_num(_f1(sums[:, :3])), np.nan_to_num(_f1(sums[:, 3:]))
    return _percentiles(after - before)


def f1_difference_p(
    first: Sequence[Row], second: Sequence[Row], *, seed: int = 0, shuffles: int = 10_000
) -> float:
    """The two-sided p of 'both have the same F1', by approximate randomization.

    In each shuffle the two systems' rows are swapped in a random half of the sentences;
    p = (1 + shuffles at least as far apart as observed) / (1 + shuffles). (Yeh, More accurate
    tests for the statistical significance of result differences, COLING 2000.) Raises
    ``ValueError`` if the lengths differ.
    """
    both = _side_by_side(first, second)
    totals = both.sum(axis=0)
    differences, times = np.unique(both[:, 3:] - both[:, :3], axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    # Equal differences can be swapped as a group: how many of them stay is binomial.
    signs = 2 * rng.binomial(times, 0.5, size=(shuffles, len(times))) - times
    moved = signs @ differences
    middle = totals[:3] + totals[3:]
    shuffled = _gap((middle + moved) / 2, (middle - moved) / 2)
    observed = _gap(totals[3:], totals[:3])
    # The tolerance lets equal differences that were rounded differently count as equal.
    return float((1 + np.count_nonzero(shuffled >= observed - 1e-12)) / (1 + shuffles))


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


def sum_ratio_interval(
    parts: Sequence[float], wholes: Sequence[float], *, seed: int = 0
) -> Interval:
    """The interval of sum(parts) / sum(wholes), resampling units: part i is of unit i, as whole i.

    Some whole is above zero, none below. [0, 1] where there are fewer units than ``FEWEST_UNITS``.
    Raises ``ValueError`` if the lengths differ.
    """
    if len(parts) != len(wholes):
        raise ValueError(f"{len(parts)} and {len(wholes)} figures are not of the same units")
    units = np.array([parts, wholes], dtype=np.float64).T
    if len(units) < FEWEST_UNITS:
        return Interval(0.0, 1.0)
    sums = _resampled_sums(units, seed)
    ratios = np.full(len(sums), np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=ratios, where=sums[:, 1] > 0)
    return _percentiles(ratios)


def _f1(sums: _Floats) -> _Floats:
    """F1 of ``(tp, fp, fn)`` in the last axis; NaN where all three are zero."""
    tp, errors = sums[..., 0], sums[..., 1] + sums[..., 2]
    result: _Floats = np.full(tp.shape, np.nan)
    np.divide(2 * tp, 2 * tp + errors, out=result, where=(tp + errors) > 0)
    return result


def _gap(first: _Floats, second: _Floats) -> _Floats:
    """How far apart two F1 are; that of nothing counts as 0."""
    return np.abs(np.nan_to_num(_f1(first)) - np.nan_to_num(_f1(second)))


def _resampled_sums(units: _Floats, seed: int) -> _Floats:
    """Sums over resampled rows; shape ``(resamples, columns)``.

    Few different rows occur, so how often each is drawn (multinomial) stands for the draws.
    """
    distinct, times = np.unique(units, axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    draws = [
        rng.multinomial(len(units), times / len(units), size=size) @ distinct
        for size in _sizes(len(distinct))
    ]
    return np.concatenate(draws)


def _side_by_side(first: Sequence[Row], second: Sequence[Row]) -> _Floats:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} rows are not of the same sentences")
    return np.hstack(
        [np.asarray(rows, dtype=np.float64).reshape(-1, 3) for rows in (first, second)]
    )


def _too_few(units: _Floats) -> bool:
    """Whether fewer than ``FEWEST_UNITS`` rows have anything to be found, or found."""
    return int(np.count_nonzero(units.any(axis=1))) < FEWEST_UNITS


def _sizes(width: int) -> list[int]:
    """The resamples, in portions of at most ``_CHUNK`` numbers when each takes ``width``."""
    step = max(1, _CHUNK // width)
    return [min(step, RESAMPLES - begun) for begun in range(0, RESAMPLES, step)]


def _percentiles(values: _Floats, level: float = LEVEL) -> Interval:
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))
