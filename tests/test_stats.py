import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from ner import stats
from ner.stats import (
    NO_DIFFERENCE,
    Interval,
    Row,
    f1_difference_interval,
    f1_difference_p,
    f1_interval,
    mcnemar_p,
    ratio_interval,
    ratio_verdict,
    sum_ratio_interval,
)

rows = st.lists(st.tuples(*[st.integers(0, 4)] * 3), max_size=20)


def _sentences(n: int, *, recall: float, seed: int) -> list[Row]:
    """Sentences with 0 to 4 entities each, of which a share is found, and one guess in four."""
    rng = np.random.default_rng(seed)
    support = rng.integers(0, 5, n)
    tp = rng.binomial(support, recall)
    return list(
        zip(tp.tolist(), rng.binomial(1, 0.25, n).tolist(), (support - tp).tolist(), strict=True)
    )


def _f1(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray, axis: int = -1) -> np.ndarray:
    hits = 2 * tp.sum(axis=axis)
    return hits / (hits + fp.sum(axis=axis) + fn.sum(axis=axis))


def _swapped_f1_gaps(first: list[Row], second: list[Row]) -> list[float]:
    """|F1 - F1| for each of the ways to swap sentences between two systems."""
    gaps = []
    for swaps in itertools.product([False, True], repeat=len(first)):
        sides = [
            (other, one) if swap else (one, other)
            for swap, one, other in zip(swaps, first, second, strict=True)
        ]
        one, other = (_f1(*np.array(side).T) for side in zip(*sides, strict=True))
        gaps.append(abs(one - other))
    return gaps


def test_interval_holds_both_its_ends() -> None:
    """Both ends belong to the interval and nothing beyond them does."""
    interval = Interval(0.5, 1.0)

    assert [value in interval for value in (0.49, 0.5, 1.0, 1.01)] == [False, True, True, False]


def test_ratio_interval_equals_that_of_scipy() -> None:
    """The same paired percentile bootstrap as SciPy's, up to the random draws."""
    rng = np.random.default_rng(7)
    slow, fast = rng.lognormal(1.0, 0.3, 60), rng.lognormal(0.5, 0.3, 60)
    expected = bootstrap(
        (slow, fast),
        lambda one, other, axis: np.median(one, axis=axis) / np.median(other, axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval

    interval = ratio_interval(slow.tolist(), fast.tolist())

    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=0.02)


def test_a_drift_that_both_share_cancels() -> None:
    """A machine that slows down tenfold in mid-run does not blur the ratio of interleaved runs."""
    drift = np.geomspace(1, 10, 50)

    interval = ratio_interval((2 * drift).tolist(), drift.tolist())

    assert (interval.low, interval.high) == pytest.approx((2, 2))


def test_noise_alone_shows_no_difference() -> None:
    """Two series of one distribution, as of a model timed against itself, claim nothing."""
    rng = np.random.default_rng(3)
    first, second = rng.lognormal(1, 0.2, (2, 40)).tolist()

    interval = ratio_interval(first, second)

    assert 1.0 in interval
    assert interval.low < interval.high
    assert ratio_verdict(np.median(first) / np.median(second), interval) == NO_DIFFERENCE


def test_five_pairs_show_nothing() -> None:
    """Even five pairs that all say the same leave the ratio open; six do not."""
    assert ratio_interval([2.0] * 5, [1.0] * 5) == Interval(0.0, math.inf)
    assert ratio_interval([2.0] * 6, [1.0] * 6) == Interval(2.0, 2.0)


@pytest.mark.parametrize(
    ("ratio", "interval", "expected"),
    [
        (1.8, Interval(1.7, 1.9), "1.80 × faster [1.70–1.90]"),
        (0.5, Interval(0.4, 0.625), "2.00 × slower [1.60–2.50]"),
        (1.1, Interval(1.0, 1.2), NO_DIFFERENCE),
        (2.0, Interval(0.0, math.inf), NO_DIFFERENCE),
    ],
    ids=["faster", "slower", "touches 1", "unknown"],
)
def test_verdict_claims_only_what_the_interval_shows(
    ratio: float, interval: Interval, expected: str
) -> None:
    """Faster or slower with the interval in that direction, or that no difference is shown."""
    assert ratio_verdict(ratio, interval) == expected


def test_series_of_different_lengths_are_refused() -> None:
    """Pairs need a partner each."""
    with pytest.raises(ValueError, match="inhomogeneous"):
        ratio_interval([1.0] * 8, [1.0] * 7)
    with pytest.raises(ValueError, match="8 and 7 rows"):
        f1_difference_interval([(1, 0, 0)] * 8, [(1, 0, 0)] * 7)


def test_f1_interval_equals_that_of_scipy() -> None:
    """The same bootstrap over sentences as SciPy's, though ours draws counts of equal rows."""
    sentences = _sentences(120, recall=0.8, seed=5)
    expected = bootstrap(
        tuple(np.array(sentences, dtype=float).T),
        _f1,
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval

    interval = f1_interval(sentences)

    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=0.006)


def test_f1_interval_covers_the_true_f1() -> None:
    """Of 300 samples of 80 sentences, 95 % (give or take chance) have the true F1 within."""
    true_f1 = _f1(*np.array(_sentences(200_000, recall=0.8, seed=1)).T)

    hits = [
        true_f1 in f1_interval(_sentences(80, recall=0.8, seed=100 + seed)) for seed in range(300)
    ]

    assert 0.90 <= sum(hits) / len(hits) <= 0.98


@given(first=rows)
def test_f1_interval_is_a_range_of_shares(first: list[Row]) -> None:
    """Whatever the counts, sentences without entities included, the ends are ordered shares."""
    interval = f1_interval(first)

    assert 0.0 <= interval.low <= interval.high <= 1.0


def test_few_sentences_leave_the_f1_open() -> None:
    """Five sentences with entities say nothing, with however many empty ones around them."""
    assert f1_interval([(3, 0, 0)] * 5 + [(0, 0, 0)] * 50) == Interval(0.0, 1.0)
    assert f1_interval([(3, 0, 0)] * 6) == Interval(1.0, 1.0)
    assert f1_interval([]) == Interval(0.0, 1.0)
    assert f1_difference_interval([(3, 0, 0)] * 5, [(1, 0, 2)] * 5) == Interval(-1.0, 1.0)


def test_difference_interval_is_of_the_second_less_the_first() -> None:
    """A second system that misses more lies below zero, and the same one twice at zero."""
    good = _sentences(200, recall=0.9, seed=2)
    worse = [(max(tp - 1, 0), fp, fn + min(tp, 1)) for tp, fp, fn in good]

    interval = f1_difference_interval(good, worse)

    assert interval.low < interval.high < 0
    assert f1_difference_interval(good, good) == Interval(0.0, 0.0)
    # A type that gold lacks and only one side finds.
    assert f1_difference_interval([(0, 0, 0)] * 50, [(0, 1, 0)] * 50) == Interval(0.0, 0.0)


def test_pairing_narrows_the_difference() -> None:
    """Systems that differ in one sentence of 200 are told apart far finer than by their own F1."""
    first = _sentences(200, recall=0.8, seed=4)
    tp, fp, fn = first[0]
    second = [(tp, fp + 1, fn), *first[1:]]

    own, difference = f1_interval(first), f1_difference_interval(first, second)

    assert difference.high - difference.low < (own.high - own.low) / 5


def test_randomization_p_equals_full_enumeration() -> None:
    """On eight sentences all 256 swaps can be tried: the sampled p is close to the exact one."""
    first, second = _sentences(8, recall=0.9, seed=8), _sentences(8, recall=0.3, seed=8)
    gaps = _swapped_f1_gaps(first, second)
    exact = sum(gap >= gaps[0] - 1e-12 for gap in gaps) / len(gaps)

    assert 0.01 < exact < 0.5
    assert f1_difference_p(first, second) == pytest.approx(exact, abs=0.015)


def test_randomization_p_of_equal_and_of_different_systems() -> None:
    """Equal systems, or two that found nothing of nothing, have p = 1; a large gap a small p."""
    good, bad = _sentences(100, recall=0.9, seed=9), _sentences(100, recall=0.4, seed=9)

    assert f1_difference_p(good, good) == 1.0
    assert f1_difference_p([(0, 0, 0)], [(0, 0, 0)]) == 1.0
    assert f1_difference_p(good, bad) < 0.001


@given(first=rows, second=rows)
def test_randomization_p_does_not_depend_on_the_order_of_systems(
    first: list[Row], second: list[Row]
) -> None:
    """The test is two-sided: swapping the systems changes p by chance only; it is above 0."""
    n = min(len(first), len(second))
    if n:
        there = f1_difference_p(first[:n], second[:n], shuffles=2_000)
        back = f1_difference_p(second[:n], first[:n], shuffles=2_000)

        assert 0 < there <= 1
        assert there == pytest.approx(back, abs=0.08)


@pytest.mark.parametrize(
    ("added", "removed", "expected"),
    [(0, 0, 1.0), (0, 6, 2 / 2**6), (6, 0, 2 / 2**6), (4, 4, 1.0), (1, 2, 1.0), (1, 5, 14 / 64)],
)
def test_mcnemar_is_the_exact_sign_test(added: int, removed: int, expected: float) -> None:
    """Two-sided binomial probabilities, as worked out by hand."""
    assert mcnemar_p(added, removed) == pytest.approx(expected)


def test_results_are_repeatable_and_do_not_depend_on_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One seed gives one result, however many random numbers are drawn at a time."""
    sentences = _sentences(50, recall=0.7, seed=6)
    times = np.random.default_rng(6).lognormal(size=(2, 50)).tolist()
    expected = f1_interval(sentences), ratio_interval(*times)

    monkeypatch.setattr(stats, "_CHUNK", 5_000)

    assert (f1_interval(sentences), ratio_interval(*times)) == expected
    assert f1_interval(sentences, seed=1) != expected[0]


def test_median_interval_equals_that_of_scipy() -> None:
    """The same percentile bootstrap of a median as SciPy's, up to the random draws."""
    samples = np.random.default_rng(7).lognormal(1.0, 0.3, 60)
    expected = bootstrap(
        (samples,),
        np.median,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval

    interval = stats.median_interval(samples.tolist())

    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=0.02)
    assert stats.median_interval([1.0] * 5) == Interval(0.0, math.inf)


def test_a_higher_level_gives_a_wider_interval() -> None:
    """99 % holds 95 % within."""
    sentences = _sentences(120, recall=0.8, seed=5)
    usual, sure = f1_interval(sentences), f1_interval(sentences, level=0.99)

    assert sure.low < usual.low < usual.high < sure.high


def test_the_interval_of_a_ratio_of_sums_is_scipys() -> None:
    """Resampling units with both their figures, as scipy's percentile bootstrap does."""
    rng = np.random.default_rng(5)
    wholes = rng.exponential(size=80)
    parts = wholes * rng.uniform(-0.2, 1.0, size=80)
    ours = sum_ratio_interval(parts.tolist(), wholes.tolist())
    theirs = bootstrap(
        (parts, wholes),
        lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis),
        paired=True,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(6),
    ).confidence_interval

    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)
    assert sum_ratio_interval([0.5] * 5, [1.0] * 5) == Interval(0.0, 1.0)
    with pytest.raises(ValueError, match="not of the same units"):
        sum_ratio_interval([1.0], [1.0, 2.0])
