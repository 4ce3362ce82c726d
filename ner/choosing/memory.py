"""Resident memory of a process with one contender (``python -m ner.choosing.memory``).

The process reads JSON from standard input: which function opens the contender, and texts. It
writes a :class:`Footprint` as JSON.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import psutil

from ner.errors import Failure

_FIRST_TEXT = "Ada Lovelace lived in London."
# Words of the texts that memory is measured on.
_MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How many single texts are tagged, and then how many files of how many texts."""

    singles: int
    files: int
    file_texts: int


# A file of 100 texts has batches of all sizes: one of 500 holds the same memory within a hundredth.
SHORT, FULL = MemoryPlan(100, 1, 100), MemoryPlan(600, 3, 2000)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process with one contender holds, in bytes, and ``seconds`` to its first entities.

    ``loaded`` is read after the first text, the others after single texts and then files.
    """

    seconds: float
    loaded: int
    after_singles: int
    after_files: int


@lru_cache(maxsize=64)
def measure_footprint(opening: tuple[str, ...], plan: MemoryPlan) -> Footprint:
    """Open a contender in a new process and let it tag texts of random words; measured once.

    ``opening`` is that of a :class:`~ner.choosing.contenders.Contender`. Raises ``Failure`` if the
    process ends without a result.
    """
    # Here, since what is measured must not hold it.
    from ner.models.calibration import project_texts
    from ner.models.child import run_module

    words = " ".join(project_texts("general", "gate")).split()
    rng = random.Random(0)  # noqa: S311 - not a secret

    def drawn(count: int) -> list[str]:
        return [" ".join(rng.choices(words, k=rng.randint(1, _MOST_WORDS))) for _ in range(count)]

    task = {
        "opening": opening,
        "singles": drawn(plan.singles),
        "files": [drawn(plan.file_texts) for _ in range(plan.files)],
        "began": time.time(),
    }
    try:
        answer = run_module("ner.choosing.memory", given=task)
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().rpartition("\n")[2][:300]
        raise Failure(
            f"Measuring memory stopped (exit code {error.returncode}). Its last line was: {last}"
        ) from error
    return Footprint(**json.loads(answer))


def _footprint(task: Mapping[str, Any]) -> Footprint:
    """The measurement, in the process of its own."""
    # Each kind of contender imports its own libraries, which are a part of its memory.
    module, function, *arguments = task["opening"]
    tag_many = getattr(import_module(module), function)(*arguments)
    tag_many([_FIRST_TEXT])
    seconds, loaded = time.time() - task["began"], _resident()
    for text in task["singles"]:
        tag_many([text])
    after_singles = _resident()
    for file in task["files"]:
        tag_many(file)
    return Footprint(seconds, loaded, after_singles, _resident())


def _resident() -> int:
    resident: int = psutil.Process().memory_info().rss
    return resident


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_footprint(json.load(sys.stdin)))))
