"""INT8 checked against the original: the gate, and what INT8 is to find again elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ner.comparing.agreement import agreement_f1, align
from ner.entities import Tagged, Tagger
from ner.models.prepared import Gate

# Enough entities to tell a CPU that computes INT8 wrongly, few enough to try at every start.
_GOLDEN_TEXTS = 12


def run_gate(
    original: Tagger, int8: Tagger, texts: Sequence[str]
) -> tuple[Gate, tuple[Tagged, ...]]:
    """INT8's entities scored against the original's on ``texts``, by the tagger that serves.

    The second is what INT8 found in the first few, for the check when it is served elsewhere.
    """
    left, right = original.tag_many(texts), int8.tag_many(texts)
    agreements = [align(a, b) for a, b in zip(left, right, strict=True)]
    f1 = agreement_f1(agreements)
    entities = sum(len(one.entities) for one in left)
    return Gate(f1=float(np.round(f1, 6)), entities=entities), tuple(right[:_GOLDEN_TEXTS])
