"""Measures what the shapes of batches cost in memory; writes assets/results/shapes.json.

PYTHONPATH=.:tests python tests/evidence/record_shapes.py

Memory is read in a process of its own for each recipe: loaded and checked, after 600 single texts
of 1 to 60 words, after three files of 2,000; INT8's also after 20,000 more single texts.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import psutil

import ner
from evidence.record import RESULTS, ROOT, made_by, write

RECORD = RESULTS / "shapes.json"
RECIPES = ("int8", "original")


def own_texts() -> list[str]:
    """The project's own sentences."""
    return (ROOT / "assets" / "texts" / "general-calibration.txt").read_text("utf-8").splitlines()


def random_texts(rng: random.Random, count: int) -> list[str]:
    """Texts of 1 to 60 words, cut from the project's own."""
    words = " ".join(own_texts()).split()
    starts = [rng.randrange(len(words) - 60) for _ in range(count)]
    return [" ".join(words[start : start + rng.randint(1, 60)]) for start in starts]


def print_memory(recipe: str, more: str) -> None:
    """The program of one process: resident megabytes at each stage."""
    rng = random.Random(3)  # noqa: S311 - not a secret
    singles = random_texts(rng, 600)
    files = [random_texts(rng, 2000) for _ in range(3)]
    found: dict[str, int] = {}

    def note(stage: str) -> None:
        found[stage] = round(psutil.Process().memory_info().rss / 1e6)

    tagger = ner.load(f"bundled#{recipe}")
    note("loaded")
    for text in singles:
        tagger(text)
    note("600 single texts")
    for texts in files:
        tagger.tag_many(texts)
    note("three files of 2,000")
    if more:
        for text in random_texts(rng, 2_000):
            tagger(text)
        note("2,000 more single texts")
        for text in random_texts(rng, 18_000):
            tagger(text)
        note("18,000 more single texts")
    sys.stdout.write(json.dumps(found))


def memory() -> dict[str, Any]:
    """Resident megabytes of each recipe, in a process of its own."""
    found = {}
    for recipe in RECIPES:
        more = "more" if recipe == "int8" else ""
        command = [sys.executable, __file__, "--memory", recipe, more]
        found[recipe] = json.loads(subprocess.check_output(command, cwd=ROOT))
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        print_memory(*sys.argv[2:])
    else:
        write(RECORD, {"resident_mb": memory(), **made_by("record_shapes.py")})
