"""What every tab reads: which two sides are compared, and on what device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ner.models.catalogue import ModelSpec
from ner.models.recipes import RECIPES
from ner.models.variants import Variant
from ner.tagging.inference import supports_bf16


@dataclass(frozen=True)
class SideControls:
    """The page's two pickers of sides, and the device; ``inputs`` are their order everywhere."""

    left: gr.Dropdown
    right: gr.Dropdown
    device: gr.Dropdown

    @property
    def inputs(self) -> list[gr.Dropdown]:
        """Left, right, device, as handlers take them."""
        return [self.left, self.right, self.device]


def side_choices(specs: Sequence[ModelSpec]) -> list[tuple[str, str]]:
    """Titles and names of all that can be a side: each model by each recipe that runs here."""
    here = [
        recipe for recipe in RECIPES if recipe.steps or recipe.precision == "f32" or supports_bf16()
    ]
    variants = [Variant(spec, recipe) for spec in specs for recipe in here]
    return [(variant.title, variant.name) for variant in variants]
