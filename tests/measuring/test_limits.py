"""What bounds a file's throughput."""

from __future__ import annotations

from ner.measuring import peak
from ner.measuring.limits import limits_of
from ner.measuring.rows import BARE, FILE, INT8, ORIGINAL, PEAK, ThroughputRow
from ner.models.folder import Prepared
from ner.models.open import Sides
from ner.tagging.tagger import OpenVinoTagger


def test_operations_are_those_of_the_shapes_that_run(
    tiny_sides: Sides, tiny_original: Prepared, texts: list[str]
) -> None:
    """Padding counts, and the share is that of the row's own matrix peak."""
    sides = [side.tagger for side in tiny_sides.all]
    taggers = dict(zip((ORIGINAL, INT8), sides, strict=True))
    assert all(isinstance(tagger, OpenVinoTagger) for tagger in taggers.values())
    xml = tiny_original.folder / "openvino_model.xml"
    limits = limits_of(xml, taggers, texts, repeats=1)  # type: ignore[arg-type]
    run = sum(
        rows * peak.operations(xml, tokens)
        for rows, tokens in taggers[INT8].model.shapes(texts)  # type: ignore[attr-defined]
    )

    assert limits.operations[INT8] == limits.operations[ORIGINAL] == run
    assert set(limits.rows) == {f"{INT8}, {BARE}s", f"INT8 {PEAK}", f"FP32 {PEAK}"}

    seconds = {ORIGINAL: 4.0, INT8: 2.0, f"INT8 {PEAK}": 1.0, f"FP32 {PEAK}": 1.0}
    rows = [ThroughputRow(name, FILE, 24, (taken,)) for name, taken in seconds.items()]
    shares = {share.row: share.value for share in limits.shares(rows)}
    ceiling = limits.operations[f"INT8 {PEAK}"]

    assert shares == {ORIGINAL: run / 4 / ceiling, INT8: run / 2 / ceiling}
