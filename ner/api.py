"""The Python interface: ``load``, ``compare`` and what they return."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ner.comparing.agreement import Agreement, align
from ner.errors import one_of
from ner.models import opened as pair
from ner.models.catalogue import find
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy
from ner.tagging.tagger import OpenVinoTagger


def load(
    model: str = "bundled",
    *,
    variant: str = "int8",
    strategy: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    device: str = "CPU",
) -> OpenVinoTagger:
    """A tagger for one variant of ``model``, prepared on first use.

    ``model`` is a name of the catalogue, ``hub:owner/name`` or a checkpoint folder. ``labels`` None
    keeps all of them. The tagger may be shared by threads. Raises ``ner.NerError``.
    """
    chosen = one_of(Variant, variant, "variant")
    tagger = pair.open_tagger(find(model), chosen, device=device)
    return tagger.using(
        strategy=one_of(Strategy, strategy, "strategy"), threshold=threshold, labels=labels
    )


def compare(
    text: str,
    *,
    model: str = "bundled",
    strategy: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    device: str = "CPU",
) -> Agreement:
    """What the original and INT8 find in ``text``, aligned. Raises ``ner.NerError``."""
    both = _open_pairs().get(find(model), device=device)
    original, int8 = (
        both.tagger(variant).using(
            strategy=one_of(Strategy, strategy, "strategy"), threshold=threshold, labels=labels
        )(text)
        for variant in Variant
    )
    return align(original, int8)


@cache
def _open_pairs() -> pair.Pairs:
    """Kept between calls, since loading takes a second and comparing takes milliseconds."""
    return pair.Pairs()
