"""Measuring in a process of its own: with peers, of which a server imports nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator
from multiprocessing import get_context
from multiprocessing.connection import Connection

from ner.choosing.contenders import log_refused
from ner.choosing.measure import Measured
from ner.errors import Failure, NerError
from ner.models.recipes import Variant
from ner.progress import Progress, finish

# Seconds between two reports, at most: whoever listens can stop it then.
_LOOK = 0.2


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
    step = Progress(0, 1, "opening recipes, PyTorch and what else there is")
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
