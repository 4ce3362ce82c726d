"""What the page needs of a model: a small protocol, so that tests hand it a stand-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ner.comparing.comparison import Comparison
from ner.entities import Tagger
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage
from ner.models.prepared import Gate
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy

# What the page takes at once; the library and the command line take more.
MAX_CHARACTERS = 20_000


class SettableTagger(Tagger, Protocol):
    """A tagger of which another one with other settings can be had."""

    def using(
        self,
        *,
        strategy: Strategy | None = None,
        threshold: float | None = None,
        labels: Sequence[str] | None = None,
    ) -> Tagger:
        """The same model with other settings; None leaves one as it is."""


class Pair(Protocol):
    """Both variants of one model; :class:`ner.models.opened.TaggerPair` is one."""

    @property
    def spec(self) -> ModelSpec:
        """The model."""

    @property
    def device(self) -> str:
        """The OpenVINO device that both run on."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its entity types."""

    @property
    def gate(self) -> Gate:
        """How INT8 did against the original when it was made."""

    @property
    def withheld(self) -> str | None:
        """Why INT8 is not served; None where it is."""

    @property
    def threads(self) -> int:
        """How many threads inference may use; 0 where the device has no such notion."""

    def size(self, variant: Variant) -> int:
        """Bytes of a variant on disk."""

    def precision(self, variant: Variant) -> str:
        """What the floating-point parts of a variant are executed in: ``f32``."""

    def tagger(self, variant: Variant) -> SettableTagger:
        """One of the two; raises ``NerError`` for INT8 where it is not served."""

    def compare(
        self,
        text: str,
        *,
        strategy: Strategy = Strategy.FIRST,
        threshold: float = 0.0,
        labels: Sequence[str] | None = None,
        budget_ms: float = 0.0,
    ) -> Comparison:
        """Tag ``text`` with both, and time them in turns for about ``budget_ms``."""


Loader = Callable[[ModelSpec, str, OnStage], Pair]
"""Gives the pair of a model on a device; on a first use it reports the stages of preparing."""
