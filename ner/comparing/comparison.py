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


def compare(
    text: str, left: OpenVinoTagger, right: OpenVinoTagger | None, *, budget_ms: float = 0.0
) -> Comparison:
    """Tag ``text`` with both sides, and time them in turns.

    Timing takes about ``budget_ms`` milliseconds, at least eight pairs of runs; with 0 nothing is
    timed. The tagging itself has warmed both up by then.
    """
    first = left.explain(text)
    second = None if right is None else right.explain(text)
    timing = None
    if right is not None and budget_ms > 0 and first.pieces:
        timing = time_in_turns(clean(text), left, right, budget_ms)
    return Comparison(first, second, timing)
