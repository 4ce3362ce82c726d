"""How long one text may be timed, alone and while others wait for the models."""

from __future__ import annotations

# Milliseconds.
_ALONE = 100.0
_WAITED_FOR = 25.0
# Longer texts are not timed at all while others wait, since a few rounds take seconds.
_LONGEST_WAITED_FOR = 2_000


def timing_budget(characters: int, waiting: int) -> float:
    """Milliseconds for timing a text of so many characters while so many others wait."""
    if not waiting:
        return _ALONE
    return _WAITED_FOR if characters <= _LONGEST_WAITED_FOR else 0.0
