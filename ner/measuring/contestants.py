"""What is timed against each other: our taggers, and any pipeline of somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ner.measuring.rows import AGAIN, BF16, INT8, ORIGINAL
from ner.models.folder import Prepared
from ner.tagging.graphs import supports_bf16
from ner.tagging.model import Model
from ner.tagging.tagger import OpenVinoTagger


@dataclass(frozen=True)
class Contestant:
    """A pipeline to be timed: one text, and a whole file, to its entities."""

    tag: Callable[[str], object]
    tag_file: Callable[[Sequence[str]], object]


def load_taggers(
    original: Prepared, int8: Prepared, *, self_check: bool
) -> dict[str, OpenVinoTagger]:
    """Our taggers by row: the original, in BF16 too where the CPU has it, and INT8.

    INT8 is loaded whether or not it is served: a variant that is withheld is measured all the same.
    With ``self_check`` it is INT8 twice.
    """

    def load(prepared: Prepared, precision: str = "f32") -> OpenVinoTagger:
        return OpenVinoTagger(Model.load(prepared.folder, precision=precision))

    if self_check:
        return {INT8: load(int8), AGAIN: load(int8)}
    rows = {ORIGINAL: load(original)}
    if supports_bf16():
        rows[BF16] = load(original, "bf16")
    return {**rows, INT8: load(int8)}


def as_contestants(taggers: Mapping[str, OpenVinoTagger]) -> dict[str, Contestant]:
    """Our taggers as things to be timed."""
    return {name: Contestant(tagger, tagger.tag_many) for name, tagger in taggers.items()}
