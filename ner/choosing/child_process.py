"""Measuring in a process of its own: with peers, of which a server imports nothing, and memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock

from ner.choosing.contenders import Contender, log_refused
from ner.choosing.measure import Measured
from ner.choosing.memory import MemoryPlan, measure_footprint
from ner.comparing.origin import Origin
from ner.errors import Failure, NerError
from ner.models.folder import texts_for
from ner.models.open import Side
from ner.models.recipes import Variant
from ner.progress import Progress, finish

# Seconds between two reports, at most: whoever listens can stop it then.
_LOOK = 0.2


class Scales:
    """What a process that tags single texts with one side holds; each is measured once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[Origin, int] = {}

    def weigh(self, side: Side) -> int:
        """Bytes. Others wait meanwhile; raises as `measure_footprint`."""
        with self._lock:
            if side.origin not in self._held:
                opening = Contender.of(side).opening
                assert opening is not None  # noqa: S101 - a side can be opened again
                texts = texts_for(side.variant.spec).gate
                footprint = measure_footprint(opening, texts, MemoryPlan(100, 0, 0))
                self._held[side.origin] = footprint.after_singles
            return self._held[side.origin]


def measure_apart(
    work: Callable[..., Generator[Progress, None, tuple[Measured, ...]]],
    refused: Callable[[Variant, str], None] = log_refused,
) -> Generator[Progress, None, tuple[Measured, ...]]:
    """The steps of ``work``, which can be pickled: `measure_model` with its arguments.

    ``refused`` hears of each recipe that can't be made. Closing it ends the process. Raises
    ``Failure`` with what was told there, or if it just ended.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()
    step = Progress(0, 1, "opening recipes, PyTorch and what else there is", 1)
    try:
        while True:
            if ours.poll(_LOOK):
                told: Progress | dict[Variant, str] | str | tuple[Measured, ...] = ours.recv()
                if isinstance(told, str):
                    raise Failure(told)
                if isinstance(told, dict):
                    for variant, why in told.items():
                        refused(variant, why)
                    continue
                if isinstance(told, tuple):
                    return told
                step = told
            yield step
    except EOFError:
        process.join()
        raise Failure(f"Measuring stopped (exit code {process.exitcode}).") from None
    finally:
        process.kill()
        process.join()


def _send(
    pipe: Connection, work: Callable[..., Generator[Progress, None, tuple[Measured, ...]]]
) -> None:
    """What the process does: sends each step, then what it measured or a sentence."""
    try:
        steps = work(refused=lambda variant, why: pipe.send({variant: why}))
        pipe.send(finish(steps, pipe.send))
    except NerError as error:
        pipe.send(str(error))
