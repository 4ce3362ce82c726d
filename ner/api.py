"""The Python interface: ``load``, ``compare`` and what they return."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ner.comparing.agreement import Agreement, align
from ner.models.names import resolve
from ner.models.open import OpenSides, open_tagger
from ner.models.recipes import ORIGINAL
from ner.tagging.choice import Choice
from ner.tagging.tagger import OpenVinoTagger


def load(
    model: str = "bundled",
    *,
    variant: str = "int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    device: str = "CPU",
) -> OpenVinoTagger:
    """A tagger for one variant of ``model``, prepared on first use.

    ``model`` is a name of the catalogue, ``hub:owner/name`` or a checkpoint folder, ``variant`` the
    recipe that it is made by. ``labels`` None keeps all of them. The tagger may be shared by
    threads. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels)
    return open_tagger(resolve(model, default=f"bundled#{variant}"), device=device).using(choice)


def compare(
    text: str,
    *,
    left: str = "bundled#original",
    right: str = "bundled#int8",
    aggregation: str = "first",
    threshold: float = 0.0,
    labels: Sequence[str] | None = None,
    device: str = "CPU",
) -> Agreement:
    """What both sides find in ``text``, aligned.

    A side is written ``model#recipe``; either half may be left out. Raises ``ner.NerError``.
    """
    choice = Choice.parse(aggregation, threshold, labels)
    pair = resolve(left, default=f"bundled#{ORIGINAL}"), resolve(right)
    sides = _kept_open().get(*pair, device=device, serve=False)
    first, second = (side.tagger.using(choice)(text) for side in sides.both)
    return align(first, second)


@cache
def _kept_open() -> OpenSides:
    """Kept between calls, since loading takes a second and comparing takes milliseconds."""
    return OpenSides()
