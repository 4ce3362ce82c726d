"""The colour table: one colour for a label, readable in both themes."""

from __future__ import annotations

import pytest

from ner.colours import COLOURS, TEXT_DARK, TEXT_LIGHT, colour_classes, colours_css


def test_a_label_has_one_colour_in_every_model() -> None:
    """Known labels keep their colours whatever else a model has; unknown ones differ from them."""
    first = colour_classes(["PER", "ORG", "LOC", "MISC"])
    second = colour_classes(["Event", "LOC", "PER", "Work"])

    assert first["PER"] == second["PER"]
    assert first["LOC"] == second["LOC"]
    assert 4 == len(set(second.values()))


def test_more_labels_than_colours_still_have_one_each() -> None:
    """Fifty labels are all given a class that the stylesheet knows."""
    classes = colour_classes([f"L{number}" for number in range(50)])

    assert all(f".{name}{{" in colours_css() for name in classes.values())


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("front", "back"),
    [
        pair
        for colour in COLOURS
        for pair in (
            (colour.light.front, colour.light.back),
            (TEXT_LIGHT, colour.light.back),
            (colour.dark.front, colour.dark.back),
            (TEXT_DARK, colour.dark.back),
        )
    ],
)
def test_every_colour_is_readable(front: str, back: str) -> None:
    """Labels and text have a contrast of at least 4.5 : 1 on every colour, in both themes."""
    assert contrast(front, back) >= 4.5
