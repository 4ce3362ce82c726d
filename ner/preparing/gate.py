"""A variant checked against the original: the gate, and what it is to find again elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from ner.comparing.agreement import agreement_estimate, align
from ner.entities import Tagged, Tagger
from ner.models.calibration import Texts
from ner.models.folder import Gate

# Enough entities to tell a CPU that computes INT8 wrongly, few enough to try at every start.
_GOLDEN_TEXTS = 12
# Sentences of an article.
_ARTICLE = 10


def run_gate(original: Tagger, variant: Tagger, texts: Texts) -> tuple[Gate, tuple[Tagged, ...]]:
    """A variant's entities scored against the original's on the gate texts, by what serves it.

    They are tagged one by one, and joined to long texts, since people paste articles. The second
    is what the variant found in a few of both, for the check when it is served elsewhere.
    """
    everything = [*texts.gate, *join_articles(texts.gate)]
    left, right = original.tag_many(everything), variant.tag_many(everything)
    agreements = [align(a, b) for a, b in zip(left, right, strict=True)]
    entities = sum(len(tagged.entities) for tagged in left)
    golden = (*right[:_GOLDEN_TEXTS], *right[len(texts.gate) : len(texts.gate) + 1])
    agreement = agreement_estimate(agreements)
    return Gate(agreement, entities, texts.min_agreement, texts.in_domain), golden


def join_articles(texts: Sequence[str]) -> list[str]:
    """``texts`` joined to articles of ten sentences; the last may be shorter.

    >>> join_articles(["Ada left."] * 12)[1]
    'Ada left. Ada left.'
    """
    places = range(0, len(texts), _ARTICLE)
    return [" ".join(texts[begin : begin + _ARTICLE]) for begin in places]
