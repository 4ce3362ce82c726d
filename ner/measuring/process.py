"""A measurement in a process of its own, so that nothing of this one is in its figures.

Each program is a module of this folder, run as ``python -m ner.measuring.<module> MODEL RECIPE …``
with the texts on standard input, one a line. It writes its result as one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ner.errors import Failure
from ner.models.names import resolve
from ner.models.open import open_side
from ner.models.recipes import Variant
from ner.tagging.tagger import OpenVinoTagger

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def measure_in_process(
    program: str, variant: Variant, *arguments: str, texts: Sequence[str] = ()
) -> dict[str, Any]:
    """What the module ``program`` finds for ``variant``: the fields of its result.

    Raises ``Failure`` if the process ends without one.
    """
    name = variant.spec.reference
    done = subprocess.run(  # noqa: S603 - the program is ours, the name checked
        [sys.executable, "-m", f"ner.measuring.{program}", name, variant.recipe.name, *arguments],
        cwd=Path(__file__).parents[2],
        input="\n".join(texts),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2][:300]
        raise Failure(
            f"Measuring {program} stopped (exit code {done.returncode}). Its last line was: {last}"
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def open_contestant(model: str, recipe: str) -> OpenVinoTagger:
    """One variant, checked as for serving and opened whatever the check says."""
    side = open_side(resolve(f"{model}#{recipe}"))
    assert isinstance(side.tagger, OpenVinoTagger)  # noqa: S101 - what is opened is one
    return side.tagger


def read_input() -> list[str]:
    """The texts on standard input."""
    return [text for text in sys.stdin.read().split("\n") if text]


def answer(result: DataclassInstance) -> None:
    """Write the fields of ``result`` for the process that asked."""
    sys.stdout.write(json.dumps(asdict(result)))
