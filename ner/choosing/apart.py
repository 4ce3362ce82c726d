"""Measuring with peers in a process of its own, so that a server imports nothing of theirs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from ner.choosing.contenders import Contender, open_contenders
from ner.choosing.measure import Measured, Sample, measure
from ner.choosing.memory import MemoryPlan
from ner.choosing.workloads import usual
from ner.errors import Failure, NerError
from ner.models.catalogue import ModelSpec
from ner.models.open import open_side
from ner.models.recipes import Recipe, Variant
from ner.progress import Progress, finish

# Seconds between two reports, at most: whoever listens can stop it then.
_LOOK = 0.2


def measure_apart(
    spec: ModelSpec,
    recipes: Sequence[Recipe],
    beside: Sequence[Variant],
    sample: Sample,
    memory: MemoryPlan,
    device: str,
) -> Generator[Progress, None, tuple[Measured, ...]]:
    """`measure` the ``recipes`` of ``spec``, the variants ``beside`` them, and its peers.

    Closing it ends the process. Raises ``Failure`` with what was told there, or if it just ended.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_measure, args=(theirs, spec, recipes, beside, sample, memory, device), daemon=True
    )
    process.start()
    theirs.close()
    step = Progress(0, 1, "opening recipes, PyTorch and what else there is")
    try:
        while True:
            if ours.poll(_LOOK):
                told: Progress | str | tuple[Measured, ...] = ours.recv()
                if isinstance(told, str):
                    raise Failure(told)
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


def _measure(
    pipe: Connection,
    spec: ModelSpec,
    recipes: Sequence[Recipe],
    beside: Sequence[Variant],
    sample: Sample,
    memory: MemoryPlan,
    device: str,
) -> None:
    """What the process does: sends each step, then what it measured or a sentence."""
    from ner.choosing.peers import open_peers

    try:
        contenders = open_contenders(spec, recipes, device=device)
        contenders += [Contender.of(open_side(variant, device=device)) for variant in beside]
        with open_peers(spec, sample.texts) as peers:
            steps = measure([*contenders, *peers], sample, usual(sample.texts), memory)
            pipe.send(finish(steps, pipe.send))
    except NerError as error:
        pipe.send(str(error))
