"""INT8 checked against the original: the gate, and what INT8 is to find again elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ner.comparing.agreement import agreement_f1, align
from ner.entities import Tagged, Tagger
from ner.models.prepared import Gate

# Enough entities to tell a CPU that computes INT8 wrongly, few enough to try at every start.
_GOLDEN_TEXTS = 12
# Sentences of an article.
_ARTICLE = 10


def run_gate(
    original: Tagger, int8: Tagger, texts: Sequence[str]
) -> tuple[Gate, tuple[Tagged, ...]]:
    """INT8's entities scored against the original's on ``texts``, by the tagger that serves.

    They are tagged one by one, and joined to long texts, since people paste articles. The second
    is what INT8 found in a few of both, for the check when it is served elsewhere.
    """
    articles = join_articles(texts)
    everything = [*texts, *articles]
    left, right = original.tag_many(everything), int8.tag_many(everything)
    agreements = [align(a, b) for a, b in zip(left, right, strict=True)]
    entities = sum(len(tagged.entities) for tagged in left)
    golden = (*right[:_GOLDEN_TEXTS], *right[len(texts) : len(texts) + 1])
    return Gate(f1=float(np.round(agreement_f1(agreements), 6)), entities=entities), golden


def join_articles(texts: Sequence[str]) -> list[str]:
    """``texts`` joined to articles of ten sentences; the last may be shorter.

    >>> join_articles(["Ada left."] * 12)[1]
    'Ada left. Ada left.'
    """
    places = range(0, len(texts), _ARTICLE)
    return [" ".join(texts[begin : begin + _ARTICLE]) for begin in places]
