"""Estimates: how they are written, and their intervals against SciPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from ner import stats
from ner.stats import (
    Estimate,
    Row,
    f1_difference,
    f1_estimate,
    mcnemar_p,
    median_estimate,
    ratio_estimate,
    speed_in_words,
    unseen_rate,
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


def _ends(estimate: Estimate) -> tuple[float, float]:
    return estimate.low, estimate.high


def _median_ratio(one: np.ndarray, other: np.ndarray, axis: int) -> np.ndarray:
    return np.median(one, axis=axis) / np.median(other, axis=axis)


_TIMES = np.random.default_rng(7).lognormal([[1.0], [0.5]], 0.3, (2, 60))
_SENTENCES = _sentences(120, recall=0.8, seed=5)


@pytest.mark.parametrize(
    ("estimate", "data", "statistic"),
    [
        (ratio_estimate(*_TIMES.tolist()), tuple(_TIMES), _median_ratio),
        (median_estimate(_TIMES[0].tolist()), (_TIMES[0],), np.median),
        (f1_estimate(_SENTENCES), tuple(np.array(_SENTENCES, dtype=float).T), _f1),
    ],
    ids=["ratio", "median", "F1"],
)
def test_intervals_are_scipys(estimate: Estimate, data: Any, statistic: Any) -> None:
    """The same paired percentile bootstrap, up to the random draws; the value is the plain one."""
    expected = bootstrap(
        data,
        statistic,
        paired=len(data) > 1,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval

    assert estimate.value == pytest.approx(float(statistic(*data, axis=-1)))
    assert _ends(estimate) == pytest.approx((expected.low, expected.high), rel=0.02, abs=0.006)


def test_an_interval_holds_its_ends_and_knows_whether_it_says_anything() -> None:
    """Both ends belong to it; the widest one that there can be says nothing."""
    estimate = Estimate(0.7, 0.5, 1.0)

    assert [value in estimate for value in (0.49, 0.5, 1.0, 1.01)] == [False, True, True, False]
    assert estimate.known
    assert not any(Estimate(0, *ends).known for ends in ((0.0, 1.0), (-1.0, 1.0), (0.0, math.inf)))
    for ratio in (Estimate(1.1, 1.0, 1.2), Estimate(2.0, 0.0, math.inf)):
        assert speed_in_words(ratio) == "about as fast"


def test_of_two_series_only_what_they_do_not_share_counts() -> None:
    """Drift that both have cancels; a series against its like claims nothing."""
    drift = np.geomspace(1, 10, 50)
    ratio = ratio_estimate(*np.random.default_rng(3).lognormal(1, 0.2, (2, 40)).tolist())

    assert _ends(ratio_estimate((2 * drift).tolist(), drift.tolist())) == pytest.approx((2, 2))
    assert 1.0 in ratio


def test_few_units_leave_it_open() -> None:
    """Five units say nothing, with however many empty ones around them; six do."""
    nothing = (0.0, math.inf)
    assert _ends(ratio_estimate([2.0] * 5, [1.0] * 5)) == nothing == _ends(median_estimate([1] * 5))
    assert _ends(ratio_estimate([2.0] * 6, [1.0] * 6)) == (2.0, 2.0)
    assert f1_estimate([(3, 0, 0)] * 5 + [(0, 0, 0)] * 50) == Estimate(1.0, 0.0, 1.0)
    assert f1_estimate([]) == Estimate(0.0, 0.0, 1.0)
    assert f1_estimate([], of_nothing=1.0) == Estimate(1.0, 0.0, 1.0)
    assert _ends(f1_difference([(3, 0, 0)] * 5, [(1, 0, 2)] * 5)) == (-1.0, 1.0)


def test_series_of_different_lengths_are_refused() -> None:
    """Pairs need a partner each."""
    with pytest.raises(ValueError, match="inhomogeneous"):
        ratio_estimate([1.0] * 8, [1.0] * 7)
    with pytest.raises(ValueError, match=r"8 and .* 7"):
        f1_difference([(1, 0, 0)] * 8, [(1, 0, 0)] * 7)


@given(first=rows, second=rows)
def test_an_f1_and_a_difference_are_never_certain(first: list[Row], second: list[Row]) -> None:
    """Whatever the counts: ordered ends within bounds around the value, never of width 0."""
    size = min(len(first), len(second))
    for estimate, lowest in (
        (f1_estimate(first), 0.0),
        (f1_difference(first[:size], second[:size]), -1.0),
    ):
        assert lowest <= estimate.low < estimate.high <= 1.0
        assert estimate.value in Estimate(0, estimate.low - 0.2, estimate.high + 0.2)


def test_what_was_not_seen_among_n_may_still_have_a_rate_of_three_over_n() -> None:
    """The rule of three takes the place of a bootstrap that saw no variation, at any level."""
    found, missed, same = [(3, 0, 0)] * 100, [(0, 0, 3)] * 100, _sentences(200, recall=0.9, seed=2)
    gold = sum(tp + fn for tp, _, fn in same)

    assert unseen_rate(300) == pytest.approx(0.01, rel=0.01)
    assert f1_estimate(found) == Estimate(1.0, 1 - unseen_rate(300), 1.0)
    assert f1_estimate(found, level=0.99).low == 1 - unseen_rate(300, 0.99) < 1 - unseen_rate(300)
    assert f1_estimate(missed) == Estimate(0.0, 0.0, unseen_rate(150))
    assert f1_difference(same, same) == Estimate(0.0, -unseen_rate(gold), unseen_rate(gold))
    # A type that gold lacks: nothing bounds what the second side may lose there.
    assert _ends(f1_difference([(0, 0, 0)] * 50, [(0, 1, 0)] * 50)) == (-1.0, 1.0)


def test_f1_interval_covers_the_true_f1() -> None:
    """Of 300 samples of 80 sentences, 95 % (give or take chance) have the true F1 within."""
    true_f1 = _f1(*np.array(_sentences(200_000, recall=0.8, seed=1)).T)

    hits = [
        true_f1 in f1_estimate(_sentences(80, recall=0.8, seed=100 + seed)) for seed in range(300)
    ]

    assert 0.90 <= sum(hits) / len(hits) <= 0.98


def test_difference_is_of_the_second_less_the_first_and_paired() -> None:
    """A second system that misses more lies below zero; pairing tells a single change apart."""
    good = _sentences(200, recall=0.9, seed=2)
    worse = [(max(tp - 1, 0), fp, fn + min(tp, 1)) for tp, fp, fn in good]
    tp, fp, fn = good[0]
    own, changed = f1_estimate(good), f1_difference(good, [(tp, fp + 1, fn), *good[1:]])

    assert f1_difference(good, worse).high < 0
    assert changed.high - changed.low < (own.high - own.low) / 5


@pytest.mark.parametrize(
    ("added", "removed", "expected"), [(0, 0, 1.0), (0, 6, 2 / 2**6), (4, 4, 1.0), (1, 5, 14 / 64)]
)
def test_mcnemar_is_the_exact_sign_test(added: int, removed: int, expected: float) -> None:
    """Two-sided binomial probabilities, as worked out by hand."""
    assert mcnemar_p(added, removed) == mcnemar_p(removed, added) == pytest.approx(expected)


def test_results_are_repeatable_and_do_not_depend_on_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many random numbers are drawn at a time; 99 % holds 95 % within."""
    times = _TIMES.tolist()
    usual, ratio = f1_estimate(_SENTENCES), ratio_estimate(*times)
    sure = f1_estimate(_SENTENCES, level=0.99)

    monkeypatch.setattr(stats, "_CHUNK", 5_000)

    assert (f1_estimate(_SENTENCES), ratio_estimate(*times)) == (usual, ratio)
    assert sure.low < usual.low < usual.high < sure.high
