"""What a tagger costs before and while it works (``python -m ner.measuring.start``).

Seconds from starting a process to its first entities, and memory, read while it holds the tagger.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from ner.machine import peak_bytes
from ner.measuring.process import answer, measure_in_process, open_contestant, read_input
from ner.models.recipes import Variant

_FIRST_TEXT = "Ada Lovelace lived in London."


@dataclass(frozen=True)
class Start:
    """One process that started a tagger and tagged some texts.

    ``seconds`` from starting the process to the first entities; ``resident_bytes`` held at the end,
    with the tagger still there, and ``peak_bytes`` at most until then (the former where the system
    does not tell).
    """

    seconds: float
    resident_bytes: int
    peak_bytes: int


def measure_start(variant: Variant, texts: Sequence[str] = ()) -> Start:
    """Start ``variant`` in a new process and tag ``texts``, each alone and all in batches."""
    began = str(time.time())
    return Start(**measure_in_process("start", variant, began, texts=texts))


def main(model: str, recipe: str, began: str) -> None:
    """The program: see :mod:`ner.measuring.process`; ``began`` is the asking process's clock."""
    tagger = open_contestant(model, recipe)
    tagger(_FIRST_TEXT)
    seconds = time.time() - float(began)
    texts = read_input()
    for text in texts:
        tagger(text)
    tagger.tag_many(texts)
    # The tagger is still held by its name here: one that is gone takes its memory with it.
    resident = psutil.Process().memory_info().rss
    answer(Start(seconds, resident, peak_bytes() or resident))


if __name__ == "__main__":
    main(*sys.argv[1:])
