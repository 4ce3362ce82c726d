"""Stand-ins that need no model: a tagger that looks words up, and a pair of two of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from ner.choosing import contenders, measure
from ner.choosing.memory import Footprint
from ner.comparing.comparison import Comparison
from ner.comparing.origin import Origin
from ner.comparing.timing import Latency, Timing
from ner.entities import Annotated, Entity, Explained, Piece, Tagged, bio_tags
from ner.errors import PrepareFailed, TextTooLong
from ner.files import marked
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage
from ner.models.folder import Gate
from ner.models.names import find_model
from ner.models.open import Side
from ner.models.recipes import Variant, default_sides
from ner.serving.addresses import Addresses
from ner.serving.admission import Slots
from ner.serving.bounds import Bounds
from ner.serving.service import Service
from ner.stats import Estimate
from ner.tagging.choice import Choice, Steps
from ner.tagging.tagger import MAX_CHARACTERS, clean
from ner.tags import read_tags

Result = TypeVar("Result")


def annotate_tokens(tokens: Sequence[str], tags: Sequence[str]) -> Annotated:
    """Gold from tokens and their tags as written; the text is the tokens with spaces."""
    read = read_tags(tags)
    return marked.annotate_tokens(tokens, [read[tag] for tag in tags])


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
    choice: Choice = field(default_factory=Choice)
    window: int = 2000
    seen: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        return ("PER", "ORG", "LOC", "MISC", *self._more_labels())

    def using(self, choice: Choice) -> DictionaryTagger:
        """Another choice; a dictionary knows no aggregation."""
        choice.check_labels(self.labels)
        return replace(self, choice=choice)

    def __call__(self, text: str) -> Tagged:
        return self.explain(text).tagged

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        return [self(text) for text in texts]

    def time(self, text: str) -> Steps:
        self(text)
        return Steps(0.1, 2.0, 0.2)

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
            self.choice.keep(Tagged(text, entities)),
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


def gate_of(f1: float, entities: int) -> Gate:
    """A gate whose interval is two points wide to either side."""
    return Gate(Estimate(f1, max(f1 - 0.02, 0.0), min(f1 + 0.02, 1.0)), entities)


def side(variant: Variant, tagger: DictionaryTagger, gate: Gate | None = None) -> Side:
    """A side that looks words up, as the page meets it."""
    recipe = variant.recipe
    size = 19_600_000 if recipe.steps else 76_600_000
    origin = Origin(recipe.title, variant.spec.name, recipe.name, "CPU", "f32", "0123456789ab")
    return Side(variant, origin, tagger, size, 2, gate)


class FakeSides:
    """What :class:`~ner.models.open.Sides` is to the page, built on dictionaries.

    ``calls`` counts the comparisons.
    """

    def __init__(
        self,
        left: DictionaryTagger | None = None,
        right: DictionaryTagger | None = DictionaryTagger(INT8_WORDS),
        gate: Gate | None = None,
    ) -> None:
        first, second = default_sides(find_model("bundled"))
        self.device = "CPU"
        self.gate = gate or gate_of(0.991, 321)
        self.left = side(first, left or DictionaryTagger())
        self.right = None if right is None else side(second, right, self.gate)
        self.timing = Timing(
            Latency(tuple(5.0 + 0.01 * step for step in range(20))),
            Latency(tuple(2.8 + 0.01 * step for step in range(20))),
        )
        self.calls = 0

    @property
    def labels(self) -> tuple[str, ...]:
        return self.left.tagger.labels

    @property
    def all(self) -> tuple[Side, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def origins(self) -> list[Origin]:
        return [side.origin for side in self.all]

    @property
    def spec(self) -> ModelSpec:
        return self.left.variant.spec

    @property
    def withheld(self) -> str | None:
        return self.gate.refusal("INT8") if self.right is None else None

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(filter(None, [self.withheld]))

    @property
    def both(self) -> tuple[Side, Side]:
        if self.right is None:
            raise PrepareFailed("INT8 is not served. Use the original.")
        return self.left, self.right

    def alone(self, variant: Variant) -> FakeSides:
        """The same with ``variant`` on the left: what a loader gives for one side twice."""
        twice = copy(self)
        if variant.recipe.steps:
            twice.left = self.both[1]
        return twice

    def compare(self, text: str, choice: Choice, *, budget_ms: float = 0.0) -> Comparison:
        self.calls += 1
        left, *right = (side.tagger.using(choice).explain(text) for side in self.all)
        timed = right and budget_ms and left.pieces
        return Comparison(left, right[0] if right else None, self.timing if timed else None)


def loader_of(
    sides: FakeSides, stages: Sequence[str] = ()
) -> Callable[[Variant, Variant, str, OnStage], FakeSides]:
    """A loader that gives ``sides`` for every pair; the first time it reports ``stages``."""
    waiting = list(stages)

    def load(left: Variant, right: Variant, device: str, report: OnStage) -> FakeSides:
        total = len(waiting)
        for number in range(1, total + 1):
            report(f"step {number} of {total}: {waiting.pop(0)}")
        return sides.alone(left) if left == right else sides

    return load


@contextmanager
def fake_recipes() -> Iterator[None]:
    """Every recipe opens at once and looks words up; INT8 alone finds others. No process starts."""

    def open_fake(variant: Variant, *, device: str, report: OnStage) -> Side:
        report("step 1 of 1: quantize")
        found = INT8_WORDS if variant.recipe.name == "int8" else WORDS
        return side(variant, DictionaryTagger(found))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contenders, "open_side", open_fake)
        patch.setattr(
            measure, "measure_footprint", lambda *_: Footprint(1.0, 50_000_000, 80_000_000, 10**8)
        )
        yield


class Waited(Slots):
    """Slots for which three others wait, once they are taken."""

    @property
    def queued(self) -> int:
        return 3 if self.running else 0


def service_of(**bounds: Any) -> Service:
    """The guard of a page with the usual bounds but these, before no proxy."""
    return Service(Bounds(**bounds), Addresses())
