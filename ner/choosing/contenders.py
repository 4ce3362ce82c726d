"""A model's recipes as contenders: which run here, which are made, what making one takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ner.choosing.measure import Contender
from ner.errors import InputError
from ner.measuring.start import measure_start
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage
from ner.models.folder import find_prepared
from ner.models.open import Side, open_side
from ner.models.recipes import ORIGINAL, RECIPES, Recipe, Variant, find_recipe
from ner.tagging.graphs import supports_bf16

Opener = Callable[..., Side]
"""Opens a variant on a ``device``, made first if need be, telling its stages to ``report``."""

# Making a variant of an original of 77 MB: its steps took 13 CPU-seconds calibrated on texts, 1.4
# to 1.9 not, measured on quiet cores. What any takes besides, the libraries and the gate, is
# estimated from whole runs on a busy machine; that the size counts in proportion is assumed.
_USUAL_MB = 77
_CALIBRATED_SECONDS, _COMPRESSED_SECONDS, _OTHER_SECONDS = 13, 1.6, 12
# Texts that a process tags before its memory is read.
_MEMORY_TEXTS = 100


Weigher = Callable[[ModelSpec, Sequence[str]], Callable[[Contender], int | None]]
"""Gives what measures the memory of a contender of a model that tags some texts, in bytes."""


@dataclass(frozen=True)
class Unmade:
    """A recipe that could be made on request, and about how many seconds that takes."""

    variant: Variant
    seconds: int


def runs_here(recipe: Recipe) -> bool:
    """Whether this CPU can execute it: nothing but BF16 asks for more than any CPU has."""
    return not recipe.needs_bf16 or supports_bf16()


def find_recipes(names: str | None) -> tuple[Recipe, ...]:
    """The recipes written ``int8,int4``, the original before them; None: those by default here.

    Raises ``ModelRefused``, listing what there is, and ``InputError`` where nothing is named.
    """
    if names is None:
        return tuple(recipe for recipe in RECIPES if recipe.by_default and runs_here(recipe))
    named = [name.strip() for name in names.split(",") if name.strip()]
    if not named:
        raise InputError(
            "No recipe is named; expected some as in int8,int8-weights, or none at all."
        )
    return tuple(dict.fromkeys(map(find_recipe, [ORIGINAL, *named])))


def made_recipes(spec: ModelSpec) -> tuple[Recipe, ...]:
    """Those by default, and of the others those that have been made."""
    return tuple(
        recipe
        for recipe in RECIPES
        if runs_here(recipe)
        and (recipe.by_default or find_prepared(Variant(spec, recipe)) is not None)
    )


def unmade(spec: ModelSpec) -> tuple[Unmade, ...]:
    """The recipes that are neither made by default nor made already."""
    there = made_recipes(spec)
    return tuple(
        Unmade(variant, seconds_to_make(variant))
        for recipe in RECIPES
        if recipe not in there and runs_here(recipe)
        for variant in [Variant(spec, recipe)]
    )


def seconds_to_make(variant: Variant) -> int:
    """About how many CPU-seconds making ``variant`` takes, its original being there.

    The wait is shorter where several cores are free, and longer where others work too.
    """
    original = find_prepared(variant.base)
    megabytes = _USUAL_MB if original is None else original.size / 1e6
    steps = _CALIBRATED_SECONDS if variant.recipe.computes_in_int8 else _COMPRESSED_SECONDS
    return round(_OTHER_SECONDS + steps * megabytes / _USUAL_MB)


def open_contenders(
    spec: ModelSpec,
    recipes: Sequence[Recipe],
    *,
    device: str = "CPU",
    report: OnStage | None = None,
    opener: Opener = open_side,
) -> list[Contender]:
    """``spec`` by each of ``recipes``, in their order, made where missing.

    Those that are not served are opened as well: they are only measured. Raises as
    :func:`ner.models.open.open_side`.
    """
    # The last first: making a variant makes its original on the way, in one process.
    sides = [
        opener(Variant(spec, recipe), device=device, report=report) for recipe in reversed(recipes)
    ]
    return [
        Contender(side.origin, side.tagger, side.size, side.withheld) for side in reversed(sides)
    ]


def memory_of(spec: ModelSpec, texts: Sequence[str]) -> Callable[[Contender], int | None]:
    """What a process of its own holds that tags some of ``texts`` with a contender, in bytes.

    Other people's pipelines are not weighed.
    """

    def measure(contender: Contender) -> int | None:
        if contender.origin.recipe is None:
            return None
        variant = Variant(spec, find_recipe(contender.origin.recipe))
        return measure_start(variant, texts[:_MEMORY_TEXTS]).resident_bytes

    return measure


@dataclass(frozen=True)
class Means:
    """How recipes are opened and their memory is measured: as it is done here, or in a test."""

    opener: Opener = open_side
    weigher: Weigher = memory_of
