"""Form parts that tabs share: pickers of model and sides, texts with an upload, plain markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from ner.choosing.contenders import runs_here, seconds_to_make
from ner.errors import InputError
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.folder import fetched, find_prepared
from ner.models.names import can_be_had, find_model, hub_allowed, resolve, resolve_sides
from ner.models.recipes import RECIPES, Variant, default_sides
from ner.tagging.decode import Aggregation
from ner.ui.jobs import Value

OTHER = "…"
"""The entry of a side's picker that lists the variants of all models."""

Update = dict[str, Any]


def html(markup: str | Markup = "", elem_id: str | None = None, **settings: Any) -> gr.HTML:  # noqa: ANN401
    """Markup of our own without Gradio's style and events."""
    return gr.HTML(markup, elem_id=elem_id, js_on_load=None, apply_default_css=False, **settings)


def result(elem_id: str, mount: str, value: Value | None = None) -> gr.HTML:
    """Where a result is shown; the script's ``mount`` gets the element and each value."""
    return gr.HTML(
        value or {"html": "", "data": ""},
        html_template='<div class="ner"></div>',
        js_on_load=f"{mount}(element, props, watch);",
        apply_default_css=False,
        elem_id=elem_id,
    )


def button(name: str, elem_id: str, **settings: Any) -> gr.Button:  # noqa: ANN401 - Gradio's own
    """A button as wide as its name."""
    return gr.Button(name, elem_id=elem_id, size="sm", scale=0, min_width=0, **settings)


def hidden(elem_id: str | None = None) -> gr.Textbox:
    """A field that only the script fills."""
    return gr.Textbox(visible="hidden", elem_id=elem_id)


def pressed_by_script(elem_id: str) -> gr.Button:
    """A button that only the script presses."""
    return gr.Button(visible="hidden", elem_id=elem_id)


@dataclass(frozen=True)
class Pickers:
    """Which model, its two variants, and the device; ``specs`` are the models offered."""

    model: gr.Dropdown
    left: gr.Dropdown
    right: gr.Dropdown
    device: gr.Dropdown
    specs: Sequence[ModelSpec]

    @property
    def inputs(self) -> list[gr.Dropdown]:
        """Left, right and device, as handlers take them."""
        return [self.left, self.right, self.device]

    @property
    def chosen(self) -> list[gr.Dropdown]:
        """What `pick` updates."""
        return [self.model, self.left, self.right]

    def offered(self) -> list[ModelSpec]:
        """The models that can be had here, those fetched from the Hub last."""
        known = [spec for spec in self.specs if can_be_had(spec)]
        names = set(fetched()) if hub_allowed() else set()
        return [*known, *map(find_model, sorted(names - {spec.name for spec in known}))]

    def pick(self, left: str, right: str) -> tuple[Update, Update, Update]:
        """Choose two variants by name; raises ``ModelRefused`` for one that is not offered."""
        first, second = resolve_sides(left, right, visitor=True)
        choices = variant_choices(first.spec, second)
        models = [(spec.title, spec.name) for spec in self.offered()]
        return (
            gr.update(choices=models, value=first.spec.name),
            gr.update(choices=choices, value=first.name),
            gr.update(choices=choices, value=second.name),
        )

    def choose_model(self, name: str) -> tuple[Update, Update, Update]:
        """Another model: its original and INT8."""
        return self.pick(
            *(variant.name for variant in default_sides(resolve(name, visitor=True).spec))
        )

    def list_all(self, left: str, right: str) -> tuple[Update, ...]:
        """Where a side is `OTHER`: the variants of all models, that side as it is by default."""
        if OTHER not in (left, right):
            return gr.skip(), gr.skip()
        choices = [
            (variant.title, variant.name)
            for spec in self.offered()
            for variant in _variants_here(spec)
        ]
        usual = default_sides(resolve(right if left == OTHER else left, visitor=True).spec)
        return tuple(
            gr.update(choices=choices, value=variant.name if name == OTHER else name)
            for name, variant in zip((left, right), usual, strict=True)
        )


def variant_choices(spec: ModelSpec, *also: Variant) -> list[tuple[str, str]]:
    """The recipes of a model, each with how long making it takes where it is not made yet."""
    own = [(_title(variant), variant.name) for variant in _variants_here(spec)]
    others = [(variant.title, variant.name) for variant in also if variant.spec != spec]
    return [*own, *others, ("another model …", OTHER)]


def _variants_here(spec: ModelSpec) -> list[Variant]:
    return [Variant(spec, recipe) for recipe in RECIPES if runs_here(recipe)]


def _title(variant: Variant) -> str:
    if find_prepared(variant) is not None:
        return variant.recipe.title
    return f"{variant.recipe.title} · {seconds_to_make(variant)} s to make"


def read_upload(path: str | None, *, limit: int) -> str:
    """The text of an uploaded file; raises ``InputError`` for none, no text, or over ``limit``."""
    if path is None:
        raise InputError("Choose a file first.")
    return "\n".join(read_lines(Path(path), limit=limit))


def aggregation_picker() -> gr.Dropdown:
    """How word pieces become one entity."""
    names = [aggregation.value for aggregation in Aggregation]
    return gr.Dropdown(names, value=Aggregation.FIRST.value, label="Aggregation", scale=0)
