"""The Pareto line of size and time: those that no other candidate beats in both."""

from __future__ import annotations

from collections.abc import Sequence

from ner.choosing.candidates import Candidate


def frontier(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those that no other is at once as small and as fast as, the smallest first.

    Of two that are equal in both, the one given first. By the medians: whether two times differ at
    all is for :mod:`ner.choosing.decision` to say.
    """
    found: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda item: (item.bytes_on_disk, item.time.value)):
        # All that are as small have been seen by now, and the fastest of them is the last found.
        if not found or candidate.time.value < found[-1].time.value:
            found.append(candidate)
    return tuple(found)
