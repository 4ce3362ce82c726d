"""How many texts a second this machine tags at most, by streams and texts a request.

A closed loop: as many clients as there are streams, each of which sends its next request as soon as
the last is answered. So nobody waits in line, and the machine is never idle: requests that come at
random need some head-room beside these figures.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Protocol

from ner.comparing.timing import Latency
from ner.entities import Tagged
from ner.errors import InputError
from ner.machine import usable_cores
from ner.measuring.rounds import BenchmarkStep, Rounds
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger

# So many texts have the lengths of all, and are soon warmed up.
_SAMPLE = 200


class Client(Protocol):
    """Whatever tags the texts of a request."""

    def tag_many(self, texts: Sequence[str]) -> list[Tagged]:
        """Results in the order given."""


@dataclass(frozen=True)
class Setup:
    """``streams`` share ``threads`` among them, and a request brings ``batch`` texts."""

    streams: int
    threads: int
    batch: int

    @property
    def title(self) -> str:
        """In words: '2 streams on 2 threads, 16 texts a request'."""
        parts = [(self.streams, "stream"), (self.threads, "thread"), (self.batch, "text")]
        streams, threads, texts = (f"{n} {word}{'s' * (n > 1)}" for n, word in parts)
        return f"{streams} on {threads}, {texts} a request"


@dataclass(frozen=True)
class CapacityPlan:
    """Each setup runs ``rounds`` times for ``seconds``, all of them in each round."""

    rounds: int = 5
    seconds: float = 0.4
    seed: int = 0


@dataclass(frozen=True)
class Capacity:
    """What one setup did: ``latency`` has a sample for each request, from texts to entities.

    ``rates`` are the texts a second of each round, all clients together.
    """

    setup: Setup
    latency: Latency
    rates: tuple[float, ...]

    @property
    def texts_per_second(self) -> float:
        """Of the median round."""
        return median(self.rates)


def setups(cores: int) -> tuple[Setup, ...]:
    """The few setups worth measuring on so many cores: at most six.

    All cores for one request at a time, one core for each of many, and half way between.
    """
    streams = sorted({1, max(1, cores // 2), cores})
    return tuple(Setup(count, cores, batch) for count in streams for batch in (1, 16))


def measure_capacity(
    folder: Path,
    texts: Sequence[str],
    *,
    precision: str = "f32",
    plan: CapacityPlan = CapacityPlan(),
    report: Callable[[BenchmarkStep], None] = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Capacity, ...]:
    """Measure the model in ``folder`` on this CPU in each of :func:`setups`.

    Takes about ``rounds × seconds`` for each, and the memory of one compiled model for each number
    of streams. ``report`` hears of each round; once ``stop`` says so the work ends with
    ``Stopped``. Raises ``InputError`` for no text.
    """
    wanted = setups(usable_cores())
    models = {
        streams: Model.load(folder, precision=precision, streams=streams)
        for streams in {setup.streams for setup in wanted}
    }

    def clients(setup: Setup) -> list[Client]:
        model = models[setup.streams]
        return [OpenVinoTagger(model.beside()) for _ in range(setup.streams)]

    return measure_setups(
        {setup: clients(setup) for setup in wanted}, texts, plan, report=report, stop=stop
    )


def measure_setups(
    clients: dict[Setup, list[Client]],
    texts: Sequence[str],
    plan: CapacityPlan,
    *,
    report: Callable[[BenchmarkStep], None] = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Capacity, ...]:
    """The same with the clients of each setup given."""
    if not texts:
        raise InputError("There is no text to measure on; expected a file of texts, one a line.")
    rng = random.Random(plan.seed)  # noqa: S311 - not a secret
    shuffled = rng.sample(list(texts), min(len(texts), _SAMPLE))
    loops = {
        setup: _Loop(its_clients, _requests(shuffled, setup.batch), plan.seconds)
        for setup, its_clients in clients.items()
    }
    for loop in loops.values():
        loop.warm_up()
    rounds = Rounds(rng, report, stop, plan.rounds)
    rows = {setup.title: partial(loop.run) for setup, loop in loops.items()}
    rounds.interleave(rows, plan.rounds, "capacity")
    return tuple(loop.capacity(setup) for setup, loop in loops.items())


def _requests(texts: Sequence[str], batch: int) -> list[list[str]]:
    """Requests of ``batch`` texts that hold each text at least once."""
    count = -(-len(texts) // batch)
    supply = cycle(texts)
    return [list(islice(supply, batch)) for _ in range(count)]


class _Loop:
    """The clients of one setup, each with its place in the requests, and what was measured."""

    def __init__(
        self, clients: Sequence[Client], requests: Sequence[Sequence[str]], seconds: float
    ) -> None:
        self._requests = requests
        self._seconds = seconds
        # Not all at the same text at the same time.
        step = max(1, len(requests) // len(clients))
        self._clients: list[tuple[Client, Iterator[Sequence[str]]]] = [
            (client, islice(cycle(requests), index * step, None))
            for index, client in enumerate(clients)
        ]
        self._samples: list[float] = []
        self._rates: list[float] = []

    def warm_up(self) -> None:
        """Every client sees every shape once."""
        for client, _ in self._clients:
            for request in self._requests:
                client.tag_many(request)

    def run(self) -> None:
        """One round: all clients at once until the time is over."""
        begin = time.perf_counter()
        with ThreadPoolExecutor(len(self._clients)) as pool:
            found = list(pool.map(partial(self._serve, begin), self._clients))
        seconds = time.perf_counter() - begin
        answered = [sample for samples in found for sample in samples]
        self._samples += [1000 * taken for taken, _ in answered]
        self._rates.append(sum(texts for _, texts in answered) / seconds)

    def _serve(
        self, begin: float, its: tuple[Client, Iterator[Sequence[str]]]
    ) -> list[tuple[float, int]]:
        """One client's requests: the seconds that each took, and its texts; at least one."""
        client, requests = its
        answered: list[tuple[float, int]] = []
        sent = time.perf_counter()
        while not answered or sent - begin < self._seconds:
            request = next(requests)
            client.tag_many(request)
            now = time.perf_counter()
            answered.append((now - sent, len(request)))
            sent = now
        return answered

    def capacity(self, setup: Setup) -> Capacity:
        """What was measured so far."""
        return Capacity(setup, Latency(tuple(self._samples)), tuple(self._rates))
