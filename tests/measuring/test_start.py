"""What a started tagger costs."""

from __future__ import annotations

from ner.measuring.start import measure_start
from ner.models.open import Sides


def test_memory_is_read_while_the_tagger_is_held(tiny_sides: Sides, texts: list[str]) -> None:
    """What is resident is most of the peak: a tagger that is gone gives its memory back."""
    start = measure_start(tiny_sides.both[1].variant, texts)

    assert start.seconds > 0
    assert 0.8 * start.peak_bytes < start.resident_bytes <= start.peak_bytes
