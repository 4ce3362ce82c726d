"""Getting a model's pair while the visitor is told how far its preparation has come."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from ner.models import ModelSpec, Progress
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
