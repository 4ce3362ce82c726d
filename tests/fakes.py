"""Stand-ins that need no model: a tagger that looks words up, and a pair of two of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ner.comparing.comparison import Comparison
from ner.comparing.timing import Latency, Timing
from ner.entities import Entity, Explained, Piece, Tagged, bio_tags
from ner.errors import PrepareFailed, TextTooLong
from ner.models.catalogue import ModelSpec, find
from ner.models.child import OnStage, Stage
from ner.models.prepared import Gate
from ner.models.recipes import Variant
from ner.tagging.decode import Strategy
from ner.tagging.tagger import MAX_CHARACTERS, clean

Result = TypeVar("Result")


def awaited(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``, run in a thread of its own: Playwright keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


# What is found: the words as written, their label and score.
Dictionary = Mapping[str, tuple[str, float]]

WORDS: Dictionary = {
    "Wolfgang": ("PER", 0.99),
    "Berlin": ("LOC", 0.98),
    "Ada Lovelace": ("PER", 0.97),
    "London": ("LOC", 0.96),
    "Acme": ("ORG", 0.91),
    "Acme Corp": ("ORG", 0.88),
    "German": ("MISC", 0.74),
    "Paris": ("LOC", 0.62),
    "Amazon": ("ORG", 0.55),
}
# Against WORDS: 'Acme Corp' ends earlier, 'Amazon' has another label, 'Paris' is missing and
# 'Oslo' is new.
INT8_WORDS: Dictionary = {
    "Wolfgang": ("PER", 0.98),
    "Berlin": ("LOC", 0.98),
    "Ada Lovelace": ("PER", 0.95),
    "London": ("LOC", 0.93),
    "Acme": ("ORG", 0.79),
    "German": ("MISC", 0.71),
    "Amazon": ("LOC", 0.52),
    "Oslo": ("LOC", 0.58),
}


@dataclass(frozen=True)
class DictionaryTagger:
    """A :class:`~ner.entities.Tagger` that finds the words it knows, the longest first.

    The margin of a piece is its score less one half. ``window`` is the length in characters after
    which a seam is drawn.
    """

    words: Dictionary = field(default_factory=lambda: WORDS)
    threshold: float = 0.0
    labels_kept: tuple[str, ...] | None = None
    window: int = 2000
    seen: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        return ("PER", "ORG", "LOC", "MISC", *self._more_labels())

    def using(
        self,
        *,
        strategy: Strategy | None = None,
        threshold: float | None = None,
        labels: Sequence[str] | None = None,
    ) -> DictionaryTagger:
        """Other settings; a dictionary knows no strategies."""
        return replace(
            self,
            threshold=self.threshold if threshold is None else threshold,
            labels_kept=self.labels_kept if labels is None else tuple(labels),
        )

    def __call__(self, text: str) -> Tagged:
        return self.explain(text).tagged

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        return [self(text) for text in texts]

    def explain(self, text: str) -> Explained:
        if len(text) > MAX_CHARACTERS:
            raise TextTooLong(len(text), MAX_CHARACTERS)
        text = clean(text)
        self.seen.append(text)
        longest_first = sorted(self.words, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        entities = tuple(
            Entity(match.start(), match.end(), *self.words[match.group()])
            for match in pattern.finditer(text)
        )
        return Explained(
            Tagged(text, entities).keep(labels=self.labels_kept, threshold=self.threshold),
            self._pieces(text, entities),
            tuple(range(self.window, len(text), self.window)),
        )

    def _pieces(self, text: str, entities: tuple[Entity, ...]) -> tuple[Piece, ...]:
        """Words and punctuation, words cut into pieces of at most four characters."""
        words = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
        spans = [
            (at, min(at + 4, end), number)
            for number, (start, end) in enumerate(words)
            for at in range(start, end, 4)
        ]
        tags = bio_tags(entities, [(start, end) for start, end, _ in spans])
        scores = {at: one.score for one in entities for at in range(one.start, one.end)}
        return tuple(
            Piece(
                start,
                end,
                text[start:end],
                word,
                tag,
                scores.get(start, 0.999),
                scores.get(start, 0.999) - 0.5,
            )
            for (start, end, word), tag in zip(spans, tags, strict=True)
        )

    def _more_labels(self) -> list[str]:
        usual = ("PER", "ORG", "LOC", "MISC")
        return sorted({label for label, _ in self.words.values()} - set(usual))


@dataclass
class FakePair:
    """What :class:`~ner.models.opened.TaggerPair` is to the page, built on dictionaries.

    ``calls`` counts the comparisons.
    """

    spec: ModelSpec = field(default_factory=lambda: find("bundled"))
    original: DictionaryTagger = field(default_factory=DictionaryTagger)
    int8: DictionaryTagger | None = field(default_factory=lambda: DictionaryTagger(INT8_WORDS))
    device: str = "CPU"
    gate: Gate = field(default_factory=lambda: Gate(f1=0.991, entities=321))
    timing: Timing = field(
        default_factory=lambda: Timing(
            Latency(tuple(5.0 + 0.01 * step for step in range(20))),
            Latency(tuple(2.8 + 0.01 * step for step in range(20))),
        )
    )
    threads: int = 2
    calls: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        return self.original.labels

    @property
    def withheld(self) -> str | None:
        return self.gate.refusal if self.int8 is None else None

    def size(self, variant: Variant) -> int:
        return 76_600_000 if variant is Variant.ORIGINAL else 19_600_000

    def precision(self, variant: Variant) -> str:
        return "f32"

    def tagger(self, variant: Variant) -> DictionaryTagger:
        if variant is Variant.ORIGINAL:
            return self.original
        if self.int8 is None:
            raise PrepareFailed("INT8 is not served. Use the original.")
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
        self.calls += 1
        settings = {"strategy": strategy, "threshold": threshold, "labels": labels}
        left = self.original.using(**settings).explain(text)
        if self.int8 is None:
            return Comparison(left, None, None)
        right = self.int8.using(**settings).explain(text)
        return Comparison(left, right, self.timing if budget_ms and left.pieces else None)


def loader_of(
    pair: FakePair, stages: Sequence[str] = ()
) -> Callable[[ModelSpec, str, OnStage], FakePair]:
    """A loader that gives ``pair`` for every model; the first time it reports ``stages``."""
    waiting = list(stages)

    def load(spec: ModelSpec, device: str, report: OnStage) -> FakePair:
        total = len(waiting)
        for number in range(1, total + 1):
            report(Stage(waiting.pop(0), number, total))
        return pair

    return load
