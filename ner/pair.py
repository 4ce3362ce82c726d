"""The two taggers of one model: prepared if need be, loaded, compared and timed in turns."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ner import models
from ner.agreement import Agreement, align
from ner.decode import Strategy
from ner.entities import Explained
from ner.errors import NerError, PrepareFailed
from ner.models import ModelSpec, Prepared, Variant
from ner.tagger import Model, OpenVinoTagger, clean
from ner.timing import Latency, Timing

# With fewer pairs an interval says nothing; more than this many are not needed for one text.
_FEWEST_PAIRS = 5
_MOST_PAIRS = 50


@dataclass(frozen=True)
class Progress:
    """How far preparing has come: the stage's name, and its number out of ``stages``."""

    stage: str
    number: int
    stages: int


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Comparison:
    """What both variants made of one text, and what that cost.

    ``int8`` is None where INT8 is not served; then there is no agreement and no timing.
    """

    original: Explained
    int8: Explained | None
    timing: Timing | None

    @property
    def agreement(self) -> Agreement | None:
        """Both results aligned."""
        return None if self.int8 is None else align(self.original.tagged, self.int8.tagged)


@dataclass(frozen=True)
class TaggerPair:
    """Both variants of one model, loaded on one device.

    Make one with :func:`open_pair`. ``int8`` is None where the gate did not pass.
    """

    spec: ModelSpec
    prepared: Prepared
    device: str
    original: OpenVinoTagger
    int8: OpenVinoTagger | None
    # One comparison at a time: two at once would spoil each other's timing.
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of the model."""
        return self.original.labels

    def tagger(self, variant: Variant) -> OpenVinoTagger:
        """One of the two; ``PrepareFailed`` if INT8 is asked for and not served."""
        if variant is Variant.ORIGINAL:
            return self.original
        if self.int8 is None:
            gate = self.prepared.manifest.gate
            raise PrepareFailed(
                f"INT8 of {self.spec.name!r} is not served: its entities score {gate.f1:.3f} "
                f"against the original's, below {gate.FLOOR}. Use the original."
            )
        return self.int8

    def compare(
        self,
        text: str,
        *,
        strategy: Strategy = Strategy.FIRST,
        threshold: float = 0.0,
        labels: Sequence[str] | None = None,
        budget_ms: float = 0.0,
    ) -> Comparison:
        """Tag ``text`` with both variants and time them in turns.

        Timing takes about ``budget_ms`` milliseconds, at least five pairs of runs; with 0 nothing
        is timed. The tagging itself has warmed both up by then.
        """
        settings = {"strategy": strategy, "threshold": threshold, "labels": labels}
        original = self.original.using(**settings)  # type: ignore[arg-type]
        int8 = None if self.int8 is None else self.int8.using(**settings)  # type: ignore[arg-type]
        with self._alone:
            left = original.explain(text)
            right = None if int8 is None else int8.explain(text)
            timing = None
            if int8 is not None and budget_ms > 0 and left.pieces:
                timing = _time_in_turns(original, int8, clean(text), budget_ms)
        return Comparison(left, right, timing)


def _time_in_turns(
    original: OpenVinoTagger, int8: OpenVinoTagger, text: str, budget_ms: float
) -> Timing:
    """Alternate which one goes first, so that neither always runs on what the other left."""
    samples: tuple[list[float], list[float]] = ([], [])
    deadline = time.perf_counter() + budget_ms / 1000
    pair = 0
    while pair < _FEWEST_PAIRS or (pair < _MOST_PAIRS and time.perf_counter() < deadline):
        order = (0, 1) if pair % 2 == 0 else (1, 0)
        for side in order:
            begin = time.perf_counter()
            (original, int8)[side](text)
            samples[side].append((time.perf_counter() - begin) * 1000)
        pair += 1
    return Timing(Latency(tuple(samples[0])), Latency(tuple(samples[1])))
