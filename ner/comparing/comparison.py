"""Two sides of one text: what each finds, aligned, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from ner.comparing.agreement import Agreement, align
from ner.comparing.timing import Timing, time_in_turns
from ner.entities import Explained
from ner.tagging.tagger import OpenVinoTagger, clean


@dataclass(frozen=True)
class Comparison:
    """What two sides made of one text, and what that cost.

    ``right`` is None where there is no such side; then there is no agreement and no timing.
    """

    left: Explained
    right: Explained | None
    timing: Timing | None

    @property
    def agreement(self) -> Agreement | None:
        """Both results aligned."""
        return None if self.right is None else align(self.left.tagged, self.right.tagged)


def compare(text: str, *sides: OpenVinoTagger, budget_ms: float = 0.0) -> Comparison:
    """Tag ``text`` with one side or both, and time both in turns.

    Timing takes about ``budget_ms`` milliseconds, at least eight pairs of runs; with 0 nothing is
    timed. The tagging itself has warmed both up by then.
    """
    left, *right = (side.explain(text) for side in sides)
    timing = None
    if right and budget_ms > 0 and left.pieces:
        timing = time_in_turns(clean(text), *sides, budget_ms=budget_ms)
    return Comparison(left, right[0] if right else None, timing)
