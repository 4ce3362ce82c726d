"""Measures what the shapes of batches cost in memory and time; writes assets/results/shapes.json.

PYTHONPATH=.:tests python tests/evidence/record_shapes.py [EARLIER]

Memory is read in a process of its own for each recipe: loaded and checked, after 600 single texts
of 1 to 60 words, after three files of 2,000; INT8's also after 20,000 more single texts. EARLIER is
a checkout of an earlier state: it is measured too, and both tag the same texts in turns, so that
what else runs on the machine slows both. Times say something on an idle machine alone, memory
anywhere.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import psutil

import ner
from ner.entities import Tagger

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "assets" / "results" / "shapes.json"
RECIPES = ("int8", "original")
ROUNDS = 9
# What is tagged in turns: texts in one call, or one by one.
WORK = {
    "50 texts in one call": (50, False),
    "200 texts in one call": (200, False),
    "1,000 texts in one call": (1000, False),
    "40 texts one by one": (40, True),
}


def opened(recipe: str) -> Tagger:
    """The bundled model, checked as for serving, from whichever checkout runs."""
    return ner.load(f"bundled#{recipe}")


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

    tagger = opened(recipe)
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


def answer_turns() -> None:
    """The program of one checkout: the seconds of each piece of work that is asked for."""
    tagger = opened("int8")
    texts = own_texts()
    for line in sys.stdin:
        count, alone, seed = json.loads(line)
        chosen = random.Random(seed).choices(texts, k=count)  # noqa: S311 - not a secret
        begin = time.perf_counter()
        if alone:
            for text in chosen:
                tagger(text)
        else:
            tagger.tag_many(chosen)
        sys.stdout.write(json.dumps(time.perf_counter() - begin) + "\n")
        sys.stdout.flush()


def started(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    """This file's program with the ``ner`` of ``checkout``."""
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def memory(checkout: Path) -> dict[str, Any]:
    """Resident megabytes of each recipe."""
    found = {}
    for recipe in RECIPES:
        more = "more" if (checkout, recipe) == (ROOT, "int8") else ""
        found[recipe] = json.loads(started(checkout, "--memory", recipe, more).communicate()[0])
    return found


def in_turns(checkouts: Sequence[Path]) -> dict[str, Any]:
    """How many times as fast as the last checkout the first one is, over paired rounds."""
    processes = [started(checkout, "--turns") for checkout in checkouts]

    def seconds(process: subprocess.Popen[str], *asked: object) -> float:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    found = {}
    for name, (count, alone) in WORK.items():
        ratios = []
        for seed in range(-2, ROUNDS):
            order = processes if seed % 2 else processes[::-1]
            taken = {process: seconds(process, count, alone, seed) for process in order}
            ratios.append(taken[processes[1]] / taken[processes[0]])
        found[name] = [round(value, 3) for value in (median(ratios[2:]), *sorted(ratios[2:]))]
    for process in processes:
        process.communicate()
    return found


def main(earlier: Path | None) -> None:
    """Measure all and write it."""
    # Here, since the other checkout runs this file too.
    from evidence.record import made_by, write

    record: dict[str, Any] = {"resident_mb": memory(ROOT)}
    if earlier is not None:
        record["earlier_resident_mb"] = memory(earlier)
        record["times_as_fast_as_earlier"] = {
            name: {"median": value, "rounds": rounds}
            for name, (value, *rounds) in in_turns([ROOT, earlier]).items()
        }
    write(RECORD, record | made_by("record_shapes.py [EARLIER]"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        print_memory(*sys.argv[2:])
    elif sys.argv[1:] == ["--turns"]:
        answer_turns()
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else None)
