"""Measuring candidates on a reader's own texts, side by side.

The texts pass by as a stream, each tagged by all candidates before the next one comes, in a new
random order each time: whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Protocol

from ner.choosing.candidates import Candidate
from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.counts import Counts, strict_counts
from ner.entities import Annotated, Tagged
from ner.errors import InputError
from ner.evaluating.evaluation import score_predictions
from ner.measuring.rounds import BenchmarkStep, Rounds
from ner.stats import Row
from ner.tags import suggest_map

# Each text is timed so often, and the median taken.
PASSES = 3


class FindsEntities(Protocol):
    """What can be measured: a :class:`~ner.entities.Tagger`, or less."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types it can find, without BIO prefixes."""

    def __call__(self, text: str) -> Tagged:
        """Tag one text."""


@dataclass(frozen=True)
class Contender:
    """What is to be measured: a tagger, what it is called, and its size on disk, in bytes.

    ``withheld`` says why it is not served, where it is not: it is measured all the same.
    """

    origin: Origin
    tagger: FindsEntities
    bytes_on_disk: int
    withheld: str | None = None

    @property
    def name(self) -> str:
        """Unique among those that are measured together."""
        return self.origin.name


@dataclass(frozen=True)
class Sample:
    """The texts to measure on, and their gold where there is any; ``InputError`` for no text."""

    texts: tuple[str, ...]
    gold: tuple[Annotated, ...] | None = None

    def __post_init__(self) -> None:
        if not self.texts:
            raise InputError(
                "There is no text to measure on; expected a file of texts, one a line."
            )

    @classmethod
    def of_gold(cls, gold: Sequence[Annotated]) -> Sample:
        """The texts of ``gold``, scored against it too."""
        return cls(tuple(sentence.tagged.text for sentence in gold), tuple(gold))


def measure(
    original: Contender,
    others: Sequence[Contender],
    sample: Sample,
    *,
    passes: int = PASSES,
    memory: Callable[[Contender], int | None] = lambda contender: None,
    report: Callable[[BenchmarkStep], None] = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Candidate, ...]:
    """Tag and time all of ``sample`` with ``original`` and ``others``, in that order.

    ``memory`` gives the bytes that a process of its own holds, None where that isn't measured.
    ``report`` hears of each step; once ``stop`` says so the work ends with ``Stopped``. Raises
    ``InputError`` where gold has labels that nobody knows.
    """
    contenders = (original, *others)
    total = (1 + passes) * len(sample.texts) + len(contenders)
    rounds = Rounds(random.Random(0), report, stop, total)  # noqa: S311 - not a secret
    # Also warms up every shape that the texts have.
    found = _tag(contenders, sample.texts, rounds)
    latencies = _time(contenders, sample.texts, passes, rounds)
    candidates = []
    for contender in contenders:
        candidates.append(
            Candidate(
                origin=contender.origin,
                bytes_on_disk=contender.bytes_on_disk,
                latency=latencies[contender.name],
                agreement=None
                if contender is original
                else _rows(found[original.name], found[contender.name]),
                gold=_gold_rows(contender, found[contender.name], sample),
                memory_bytes=memory(contender),
                withheld=contender.withheld,
            )
        )
        rounds.step("memory")
    return tuple(candidates)


def _tag(
    contenders: Sequence[Contender], texts: Sequence[str], rounds: Rounds
) -> dict[str, list[Tagged]]:
    found: dict[str, list[Tagged]] = {contender.name: [] for contender in contenders}
    for number, text in enumerate(texts, start=1):
        for contender in contenders:
            found[contender.name].append(contender.tagger(text))
        rounds.step(f"text {number:,} of {len(texts):,}, tagging")
    return found


def _time(
    contenders: Sequence[Contender], texts: Sequence[str], passes: int, rounds: Rounds
) -> dict[str, Latency]:
    """Milliseconds for each text: the median of its passes."""
    samples: dict[str, list[list[float]]] = {contender.name: [] for contender in contenders}
    for number in range(1, passes + 1):
        for series in samples.values():
            series.append([])
        for text in texts:
            rows = {contender.name: partial(contender.tagger, text) for contender in contenders}
            timed = rounds.interleave(rows, 1, f"timing, pass {number} of {passes}")
            for name, latency in timed.items():
                samples[name][-1] += latency.samples_ms
    return {
        name: Latency(tuple(map(median, zip(*series, strict=True))))
        for name, series in samples.items()
    }


def _rows(original: Sequence[Tagged], found: Sequence[Tagged]) -> tuple[Row, ...]:
    """Of each text, what was found counted strictly against what the original found."""
    return tuple(
        sum(strict_counts(wanted, had).values(), Counts()).row
        for wanted, had in zip(original, found, strict=True)
    )


def _gold_rows(
    contender: Contender, found: Sequence[Tagged], sample: Sample
) -> tuple[Row, ...] | None:
    """The same against gold; labels that the model has not are left out on both sides."""
    if sample.gold is None:
        return None
    labels = contender.tagger.labels
    present = {entity.label for gold in sample.gold for entity in gold.tagged.entities}
    if not present & set(labels):
        raise InputError(
            f"The gold has the labels {', '.join(sorted(present))[:200]}, and the model knows "
            f"{', '.join(labels)[:200]}: none of them is the same."
            f"{suggest_map(sorted(present), labels)}"
        )
    scores = score_predictions(sample.gold, found, labels=labels).left
    return tuple(sentence.micro.row for sentence in scores)
