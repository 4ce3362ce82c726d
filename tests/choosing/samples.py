"""Measured contenders made by hand and by drawing, for the tests of choosing and of its tab."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ner.choosing.measure import Measured
from ner.choosing.memory import Footprint
from ner.choosing.workloads import FILE, SINGLES
from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.stats import Row


def measured(
    name: str,
    *,
    mb: float = 20.0,
    ms: float = 1.0,
    noise: float = 0.02,
    agreement: Sequence[Row] | None = None,
    texts: int = 200,
    timed: int | None = None,
) -> Measured:
    """A contender whose times vary a little around ``ms``, the same for equal arguments.

    ``timed`` is how many texts have a time, where not all: bootstrapping medians takes long.
    """
    n = timed or (texts if agreement is None else len(agreement))
    spread = np.random.default_rng(len(name)).normal(1, noise, n)
    return Measured(
        origin=Origin(title=name.upper(), model=name),
        bytes_on_disk=round(mb * 1e6),
        times={
            SINGLES: Latency(tuple((ms * spread).tolist())),
            FILE: Latency((n * ms / 2,) * 6, n),
        },
        agreement=None if agreement is None else tuple(agreement),
        footprint=Footprint(1.0, *(round(2e6 * mb * step) for step in (1, 2, 3))),
    )


def rows(texts: int, *, wrong_every: int | None = None, entities: int = 2) -> list[Row]:
    """Texts of ``entities`` entities; in each ``wrong_every``-th one of them is found wrongly."""
    return [
        (entities - 1, 1, 1) if wrong_every and number % wrong_every == 0 else (entities, 0, 0)
        for number in range(1, texts + 1)
    ]


def drawn(truth: float, texts: int, rng: np.random.Generator) -> list[Row]:
    """Texts with 0 to 4 entities, each right with probability ``truth``, else wrong on both sides.

    So F1 over endlessly many texts is ``truth``.
    """
    support = rng.integers(0, 5, texts)
    right = rng.binomial(support, truth)
    wrong = support - right
    return list(zip(right.tolist(), wrong.tolist(), wrong.tolist(), strict=True))
