"""Getting a model's pair while all who wait for it are told how far its preparation has come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from ner.models import ModelSpec, Progress, Report
from ner.ui.contract import Loader, Pair

_Update = TypeVar("_Update")


def opened(
    load: Loader, spec: ModelSpec, device: str, show: Callable[[str], _Update]
) -> Generator[_Update, None, Pair]:
    """The pair of ``spec``; yields ``show`` of a sentence for each stage of making it."""
    stages: SimpleQueue[Progress | None] = SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, spec, device, stages.put)
        loading.add_done_callback(lambda _: stages.put(None))
        while (stage := stages.get()) is not None:
            yield show(
                f"Preparing {spec.title} for its first use, step {stage.number} of {stage.stages}: "
                f"{stage.stage} …"
            )
    return loading.result()


class Announced:
    """A loader whose every caller hears of the stages, whoever of them set the work off.

    ``load`` lets one caller do the work and the others wait, as :class:`ner.pair.Pairs` does.
    """

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._listeners: dict[tuple[str, str], list[Report]] = {}
        self._latest: dict[tuple[str, str], Progress] = {}

    def __call__(self, spec: ModelSpec, device: str, report: Report) -> Pair:
        """The pair of ``spec`` on ``device``; raises what the loader raises."""
        key = (spec.name, device)
        with self._lock:
            listeners = self._listeners.setdefault(key, [])
            listeners.append(report)
            if key in self._latest:
                report(self._latest[key])
        try:
            return self._load(spec, device, lambda stage: self._tell(key, stage))
        finally:
            with self._lock:
                listeners.remove(report)
                self._latest.pop(key, None)

    def _tell(self, key: tuple[str, str], stage: Progress) -> None:
        with self._lock:
            self._latest[key] = stage
            for report in self._listeners[key]:
                report(stage)
