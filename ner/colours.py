"""The one colour table: a colour for each label, light and dark, as CSS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shades:
    """One colour in one theme, as ``#rrggbb``: behind an entity, and of its label upon that."""

    back: str
    front: str


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour of the table, for the light and for the dark theme."""

    light: Shades
    dark: Shades


# The text upon an entity, by theme. Against every ``back`` below it, like the label's ``front``,
# has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3).
TEXT_LIGHT = "#14181f"
TEXT_DARK = "#eceff4"
COLOURS = (
    Colour(Shades("#d8e7ff", "#174a9c"), Shades("#17366a", "#b3d0ff")),  # blue
    Colour(Shades("#cdf0d8", "#115a2b"), Shades("#124425", "#9be5b6")),  # green
    Colour(Shades("#fde8b8", "#714000"), Shades("#503608", "#f9d481")),  # amber
    Colour(Shades("#eaddfb", "#5f259f"), Shades("#412468", "#d9c0fb")),  # violet
    Colour(Shades("#c8eef0", "#0b555b"), Shades("#0d4246", "#93e2e7")),  # teal
    Colour(Shades("#fddcd9", "#961b1b"), Shades("#5a1f1f", "#fcb9b1")),  # red
    Colour(Shades("#fbd9ea", "#8e145b"), Shades("#541a3c", "#f9b4d8")),  # pink
    Colour(Shades("#e2efbd", "#435309"), Shades("#38430f", "#d3e285")),  # lime
    Colour(Shades("#f0dfcf", "#653a1c"), Shades("#4a301d", "#e8c6a8")),  # brown
    Colour(Shades("#dfe5ee", "#374559"), Shades("#2f3a4b", "#c4cfdf")),  # slate
)
# Labels that have a place of their own in the table, so that they look alike in every model.
_PLACES = {
    "PER": 0,
    "PERSON": 0,
    "ORG": 1,
    "LOC": 2,
    "GPE": 2,
    "MISC": 3,
    "Chemical": 4,
    "Disease": 5,
}


def colour_classes(labels: Sequence[str]) -> dict[str, str]:
    """The CSS class of each of a model's labels: by name where it is known, else by order."""
    free = [place for place in range(len(COLOURS)) if place not in _PLACES.values()]
    others = [label for label in labels if label not in _PLACES]
    places = {label: free[index % len(free)] for index, label in enumerate(others)}
    return {label: f"c{_PLACES.get(label, places.get(label))}" for label in labels}


def colours_css() -> str:
    """The colour table as CSS custom properties, one class for each colour."""
    light = [_rule(f".c{place}", colour.light) for place, colour in enumerate(COLOURS)]
    dark = [_rule(f".dark .c{place}", colour.dark) for place, colour in enumerate(COLOURS)]
    ink = [f":root{{--ink:{TEXT_LIGHT}}}", f".dark{{--ink:{TEXT_DARK}}}"]
    return "\n".join([*ink, *light, *dark])


def _rule(selector: str, shades: Shades) -> str:
    return f"{selector}{{--back:{shades.back};--front:{shades.front}}}"
