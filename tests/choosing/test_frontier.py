"""The Pareto line: what nothing beats in both size and time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from choosing.samples import candidate
from ner.choosing.frontier import frontier

sizes_and_times = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=8)


@given(sizes_and_times)
def test_the_line_holds_exactly_those_that_nothing_beats(pairs: list[tuple[int, int]]) -> None:
    """Checked against the definition, over all pairs."""
    given_ones = [
        candidate(f"c{index}", mb=mb, ms=ms, noise=0) for index, (mb, ms) in enumerate(pairs)
    ]
    unbeaten = {
        (mb, ms)
        for mb, ms in pairs
        if not any(a <= mb and b <= ms and (a, b) != (mb, ms) for a, b in pairs)
    }

    line = frontier(given_ones)

    assert unbeaten == {(item.bytes_on_disk // 10**6, round(item.time.value)) for item in line}
    assert len(unbeaten) == len(line)


@given(sizes_and_times)
def test_the_line_falls(pairs: list[tuple[int, int]]) -> None:
    """Each step along it is larger and faster."""
    line = frontier(
        [candidate(f"c{index}", mb=mb, ms=ms, noise=0) for index, (mb, ms) in enumerate(pairs)]
    )

    assert list(line) == sorted(line, key=lambda item: item.bytes_on_disk)
    assert list(line) == sorted(line, key=lambda item: -item.time.value)


def test_of_twins_one_is_on_the_line() -> None:
    """The one given first."""
    twins = [candidate(name, noise=0) for name in ("aa", "bb")]

    assert ["aa"] == [item.name for item in frontier(twins)]
