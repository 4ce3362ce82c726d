"""Measures contenders on the same texts: what each finds, its time, texts a second and memory.

All that is timed runs in turns, in a new random order each round: whatever else the machine does
falls on all contenders alike.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median

from ner.choosing.contenders import Contender
from ner.choosing.memory import Footprint, MemoryPlan, measure_footprint
from ner.choosing.workloads import FILE, SINGLES, Workload
from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.counts import counts_of, strict_counts
from ner.entities import Annotated, Tagged
from ner.errors import InputError
from ner.evaluating.report import score_predictions
from ner.evaluating.scores import Scores
from ner.progress import Progress
from ner.stats import LEVEL, Estimate, Row, f1_estimate
from ner.tags import suggest_map


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


@dataclass(frozen=True)
class Measured:
    """A contender with what it costs and what it finds.

    ``times`` are by workload; of the texts one by one, sample i is of text i. ``agreement`` has a
    row of counts for each text, the original's entities taken as gold; None for the original
    itself. ``gold`` are its scores against gold, where there is any. ``withheld`` says why it is
    not served here, where it is not.
    """

    origin: Origin
    bytes_on_disk: int
    times: Mapping[str, Latency]
    agreement: tuple[Row, ...] | None = None
    gold: Scores | None = None
    footprint: Footprint | None = None
    withheld: str | None = None

    @property
    def name(self) -> str:
        """As the command line writes it: ``bundled#int8``."""
        return self.origin.name

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return self.origin.title

    @property
    def singles(self) -> Latency:
        """Its times for the texts one by one."""
        return self.times[SINGLES]

    @property
    def rate(self) -> Estimate | None:
        """Texts a second in one call with all texts; None where that was not timed."""
        return self.times[FILE].rate if FILE in self.times else None

    def agreement_at(self, level: float = LEVEL) -> Estimate | None:
        """F1 of its entities against the original's; None for the original itself."""
        if self.agreement is None:
            return None
        return f1_estimate(self.agreement, level=level, of_nothing=1.0)

    @property
    def entities(self) -> float:
        """How many entities could show a difference: the mean of what it and the original found."""
        return sum(tp + (fp + fn) / 2 for tp, fp, fn in self.agreement or ())


def measure(
    contenders: Sequence[Contender],
    sample: Sample,
    workloads: Sequence[Workload],
    memory: MemoryPlan | None = None,
) -> Generator[Progress, None, tuple[Measured, ...]]:
    """Measure ``contenders``, the original first; yields how far it is, and returns the figures.

    Closing it ends the work with the step that it is at. Without ``memory`` that is not measured.
    Raises ``InputError`` where gold has none of the labels that a contender knows.
    """
    weighed = [contender for contender in contenders if memory and contender.opening]
    total = len(contenders) + len(weighed) + sum(work.steps for work in workloads)
    done = count(1)
    found: dict[str, list[Tagged]] = {}
    for contender in contenders:
        found[contender.name] = contender.tagger.tag_many(sample.texts)
        yield Progress(next(done), total, f"tagging with {contender.title}")
    gold = {one.name: _scores(one, found[one.name], sample) for one in contenders}
    times: dict[str, dict[str, Latency]] = {contender.name: {} for contender in contenders}
    rng = random.Random(0)  # noqa: S311 - not a secret
    for work in workloads:
        passes: list[list[dict[str, float]]] = []
        for _ in range(work.passes + 1):
            passes.append([])
            for texts in work.calls:
                runs = {one.name: partial(one.tagger.tag_many, texts) for one in contenders}
                passes[-1].append(time_round(runs, rng))
                yield Progress(next(done), total, f"timing, {work.name}")
        # The first pass warms up every shape and is not counted.
        calls = list(zip(*passes[1:], strict=True))
        for name, held in times.items():
            series = [[taken[name] for taken in call] for call in calls]
            # A sample for each call, the median of its passes; of a single call one for each pass.
            samples = series[0] if len(series) == 1 else map(median, series)
            held[work.name] = Latency(tuple(samples), len(work.calls[0]))
    footprints: dict[str, Footprint] = {}
    for contender in weighed:
        assert memory and contender.opening  # noqa: S101 - only those are weighed
        footprints[contender.name] = measure_footprint(contender.opening, sample.texts, memory)
        yield Progress(next(done), total, f"memory of {contender.title}")
    original = contenders[0].name
    return tuple(
        Measured(
            origin=contender.origin,
            bytes_on_disk=contender.bytes_on_disk,
            times=times[contender.name],
            agreement=None
            if contender.name == original
            else _rows(found[original], found[contender.name]),
            gold=gold[contender.name],
            footprint=footprints.get(contender.name),
            withheld=contender.withheld,
        )
        for contender in contenders
    )


def time_round(runs: Mapping[str, Callable[[], object]], rng: random.Random) -> dict[str, float]:
    """Milliseconds of each of ``runs``, which run once each in a new random order."""
    taken = {}
    for name in rng.sample(list(runs), len(runs)):
        begin = time.perf_counter()
        runs[name]()
        taken[name] = 1000 * (time.perf_counter() - begin)
    return taken


def _rows(original: Sequence[Tagged], found: Sequence[Tagged]) -> tuple[Row, ...]:
    """For each text, what was found counted strictly against what the original found."""
    return tuple(
        counts_of(strict_counts(wanted, had), None).row
        for wanted, had in zip(original, found, strict=True)
    )


def _scores(contender: Contender, found: Sequence[Tagged], sample: Sample) -> Scores | None:
    """Against gold; labels that the model does not have are left out on both sides."""
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
    return score_predictions(sample.gold, found, labels=labels).sides[0]
