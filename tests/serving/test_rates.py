"""How often a client may ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ner.serving.rates import TokenBuckets
from serving.client import Clock


def test_a_visitor_has_a_burst_and_then_a_rate() -> None:
    """Three at once, then one each half second, as the answer says."""
    clock = Clock()
    buckets = TokenBuckets(2.0, 3.0, clients=10_000, clock=clock)

    assert [0.0, 0.0, 0.0] == [buckets.take("a", 1.0) for _ in range(3)]
    assert 0.5 == buckets.take("a", 1.0)
    assert 0.0 == buckets.take("b", 1.0)

    clock.now += 0.5

    assert 0.0 == buckets.take("a", 1.0)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), max_size=60),
    st.floats(0.1, 10),
    st.integers(1, 10),
)
def test_nobody_gets_more_than_burst_and_rate(
    steps: list[tuple[float, str]], rate: float, burst: int
) -> None:
    """In any stretch of time a visitor gets at most the burst and what came back meanwhile."""
    clock = Clock()
    buckets = TokenBuckets(rate, burst, clients=10_000, clock=clock)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for pause, who in steps:
        clock.now += pause
        if not buckets.take(who, 1.0):
            taken[who].append(clock.now)

    for moments in taken.values():
        for first, begun in enumerate(moments):
            for last in range(first, len(moments)):
                most = burst + rate * (moments[last] - begun)
                assert last - first + 1 <= most + 1e-6


def test_the_table_of_visitors_is_bounded() -> None:
    """Whoever was not seen for longest is forgotten."""
    buckets = TokenBuckets(1.0, 1.0, clients=100, clock=Clock())
    for number in range(1000):
        buckets.take(str(number), 1.0)

    assert 100 == len(buckets)
    assert buckets.take("999", 1.0) > 0
    assert 0.0 == buckets.take("0", 1.0)
