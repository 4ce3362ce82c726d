"""The Python interface: ``load``, ``compare`` and what they return."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ner.comparing.agreement import Agreement, align
from ner.errors import one_of
from ner.models.catalogue import find
from ner.models.opened import OpenSides, open_tagger
from ner.models.recipes import Variant
from ner.tagging.choice import Choice
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
    choice = Choice.parse(strategy, threshold, labels)
    chosen = one_of(Variant, variant, "variant")
    return open_tagger(find(model), chosen, device=device).using(choice)


def compare(
    text: str,
    *,
    model: str = "bundled",
    strategy: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    device: str = "CPU",
) -> Agreement:
    """What the original (left) and INT8 (right) find in ``text``, aligned.

    Raises ``ner.NerError``, also where INT8 is not served.
    """
    choice = Choice.parse(strategy, threshold, labels)
    sides = _kept_open().get(find(model), device=device)
    left, right = (sides.side(variant).tagger.using(choice)(text) for variant in Variant)
    return align(left, right)


@cache
def _kept_open() -> OpenSides:
    """Kept between calls, since loading takes a second and comparing takes milliseconds."""
    return OpenSides()
