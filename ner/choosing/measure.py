"""Measures contenders on the same texts: what each finds, its time, texts a second and memory.

All that is timed runs in turns, in a new random order each round: whatever else the machine does
falls on all contenders alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np

from ner.choosing.contenders import Contender, log_refused, open_contenders
from ner.choosing.memory import Footprint, MemoryPlan, measure_footprint
from ner.choosing.workloads import SINGLES, Workload, usual
from ner.comparing.origin import Origin
from ner.comparing.timing import Latency
from ner.counts import counts_of, strict_counts
from ner.entities import Annotated, Tagged
from ner.errors import InputError
from ner.evaluating.report import score_predictions
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage, ensure_prepared, unheard
from ner.models.open import open_side
from ner.models.recipes import Recipe, Variant
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
    itself. ``gold`` is its F1 against gold, where there is any. ``withheld`` says why it is not
    served here, where it is not.
    """

    origin: Origin
    bytes_on_disk: int
    times: Mapping[str, Latency]
    agreement: tuple[Row, ...] | None = None
    gold: Estimate | None = None
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

    def agreement_at(self, level: float = LEVEL) -> Estimate | None:
        """F1 of its entities against the original's; None for the original itself."""
        if self.agreement is None:
            return None
        return f1_estimate(self.agreement, level=level, of_nothing=1.0)

    @property
    def entities(self) -> float:
        """How many entities could show a difference: the mean of what it and the original found."""
        return sum(tp + (fp + fn) / 2 for tp, fp, fn in self.agreement or ())


def measure_model(
    spec: ModelSpec,
    recipes: Sequence[Recipe],
    sample: Sample,
    memory: MemoryPlan,
    workloads: Callable[[Contender], Sequence[Workload]] | None = None,
    *,
    beside: Sequence[Variant] = (),
    peers: Sequence[Variant] | None = None,
    device: str = "CPU",
    report: OnStage = unheard,
    refused: Callable[[Variant, str], None] = log_refused,
) -> Generator[Progress, None, tuple[Measured, ...]]:
    """`measure` the ``recipes`` of a model, made where missing, the variants ``beside``, its peers.

    ``workloads`` gives what is timed, and is given the original; without it that is `usual`.
    ``peers`` are variants that transformers' pipeline runs too; None leaves out all peers.
    ``refused`` hears of a recipe that can't be made. Raises as `open_contenders`, and
    ``InputError`` for a model that can have no peers, before anything is made.
    """
    with ExitStack() as stack:
        if peers is not None:
            # Imports torch, which takes seconds.
            from ner.choosing.peers import checkpoint_of, open_peers

            checkpoint_of(spec)
        contenders = open_contenders(spec, recipes, device=device, report=report, refused=refused)
        works = workloads(contenders[0]) if workloads else usual(sample.texts)
        contenders += [Contender.of(open_side(variant, device=device)) for variant in beside]
        if peers is not None:
            folders = {
                f"pipeline on {one.recipe.title}": ensure_prepared(one).folder for one in peers
            }
            contenders += stack.enter_context(open_peers(spec, sample.texts, folders))
        return (yield from measure(contenders, sample, works, memory))


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
    weighed = sum(1 for one in contenders if memory and one.opening)
    total = len(contenders) + sum(work.steps for work in workloads) + weighed
    done = count()
    found: list[list[Tagged]] = []
    for one in contenders:
        yield Progress(next(done), total, f"tagging with {one.title}")
        found.append(one.tagger.tag_many(sample.texts))
    gold = list(map(partial(_gold_f1, sample), contenders, found))
    times: list[dict[str, Latency]] = [{} for _ in contenders]
    rng = np.random.default_rng(0)
    for work in workloads:
        taken = np.empty((1 + work.passes, len(work.calls), len(contenders)))
        for step, (number, call) in enumerate(np.ndindex(taken.shape[:2]), start=1):
            what = f"timing, {work.name}, {step:,} of {work.steps:,}"
            yield Progress(next(done), total, what)
            taken[number, call] = _time_round(contenders, work.calls[call], rng)
        # The first pass warms up every shape and is not counted. There is a sample for each call,
        # the median of its passes; of a single call one for each pass.
        samples = taken[1:, 0] if len(work.calls) == 1 else np.median(taken[1:], axis=0)
        for held, series in zip(times, samples.T, strict=True):
            held[work.name] = Latency(tuple(series.tolist()), len(work.calls[0]))
    footprints: list[Footprint | None] = [None] * len(contenders)
    for at, one in enumerate(contenders):
        if memory and one.opening:
            yield Progress(next(done), total, f"memory of {one.title}")
            footprints[at] = measure_footprint(one.opening, memory)
    yield Progress(total, total, "comparing what was found")
    return tuple(
        Measured(
            origin=one.origin,
            bytes_on_disk=one.bytes_on_disk,
            times=times[at],
            agreement=_rows(found[0], found[at]) if at else None,
            gold=gold[at],
            footprint=footprints[at],
            withheld=one.withheld,
        )
        for at, one in enumerate(contenders)
    )


def _time_round(
    contenders: Sequence[Contender], texts: Sequence[str], rng: np.random.Generator
) -> list[float]:
    """Milliseconds of each contender, which tag ``texts`` in a new random order."""
    taken = [0.0] * len(contenders)
    for at in rng.permutation(len(contenders)):
        begin = time.perf_counter()
        contenders[at].tagger.tag_many(texts)
        taken[at] = 1000 * (time.perf_counter() - begin)
    return taken


def _rows(original: Sequence[Tagged], found: Sequence[Tagged]) -> tuple[Row, ...]:
    """For each text, what was found counted strictly against what the original found."""
    return tuple(
        counts_of(strict_counts(wanted, had), None).row
        for wanted, had in zip(original, found, strict=True)
    )


def _gold_f1(sample: Sample, contender: Contender, found: Sequence[Tagged]) -> Estimate | None:
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
    return score_predictions(sample.gold, found, labels=labels).sides[0].f1()
