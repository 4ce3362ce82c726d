"""What bounds a file's throughput: the bare requests for its batches, and the matrix peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from ner.measuring import peak
from ner.measuring.rounds import Run
from ner.measuring.rows import BARE, INT8, ORIGINAL, PEAK, Share, ThroughputRow
from ner.tagging.tagger import OpenVinoTagger

# By row of ours: the matrix products that it is held against.
_CEILINGS = {ORIGINAL: f"FP32 {PEAK}", INT8: f"INT8 {PEAK}"}


@dataclass(frozen=True)
class Limits:
    """``rows`` to be timed beside the file, and how many ``operations`` a pass of each row runs."""

    rows: Mapping[str, Run]
    operations: Mapping[str, float]

    def shares(self, throughput: Sequence[ThroughputRow]) -> list[Share]:
        """How much of its matrix peak each row of ours reached, by the rows of one file."""
        seconds = {row.row: median(row.seconds) for row in throughput}
        rates = {row: operations / seconds[row] for row, operations in self.operations.items()}
        file = throughput[0].file
        return [
            Share(row, file, rates[row], rates[ceiling])
            for row, ceiling in _CEILINGS.items()
            if row in rates
        ]


def limits_of(
    xml: Path, taggers: Mapping[str, OpenVinoTagger], texts: Sequence[str], repeats: int
) -> Limits:
    """The limits for tagging ``texts``; operations are counted in the shapes actually run.

    ``xml`` is the original's, whose matrix products INT8 has too. The matrix products run
    ``repeats`` times a pass.
    """
    shapes = taggers[INT8].model.shapes(texts)
    rows: dict[str, Run] = {f"{INT8}, {BARE}s": taggers[INT8].model.bare(texts)}
    per_window = {length: peak.operations(xml, length) for length in {it[1] for it in shapes}}
    in_file = sum(count * per_window[length] for count, length in shapes)
    operations = {row: in_file for row in _CEILINGS if row in taggers}
    for row, int8 in ((_CEILINGS[ORIGINAL], False), (_CEILINGS[INT8], True)):
        once, count = peak.peak_runner(int8=int8)
        rows[row] = partial(run_all, [once] * repeats)
        operations[row] = count * repeats
    return Limits(rows, operations)


def run_all(runs: Sequence[Run]) -> None:
    """Each of ``runs``, one after the other."""
    for run in runs:
        run()
