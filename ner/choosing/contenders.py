"""A model's recipes as contenders: which run on this CPU, which are made, and opening them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ner.choosing.memory import SHORT, measure_footprint
from ner.comparing.origin import Origin
from ner.entities import Tagger
from ner.errors import InputError, ModelRefused
from ner.models.catalogue import ModelSpec
from ner.models.child import OnStage, unheard
from ner.models.folder import find_prepared
from ner.models.names import resolve
from ner.models.open import Side, open_side
from ner.models.recipes import ORIGINAL, RECIPES, Recipe, Variant, find_recipe
from ner.tagging.choice import Choice
from ner.tagging.graphs import supports_bf16

_log = logging.getLogger(__name__)

# Making a variant of an original of 77 MB took 13 CPU-seconds where it is calibrated on texts, 1.6
# where it is not, measured on quiet cores; 12 for the libraries and the gate are estimated.
_USUAL_MB, _CALIBRATED, _COMPRESSED, _BESIDES = 77, 13, 1.6, 12


@dataclass(frozen=True)
class Contender:
    """Whatever is measured: a recipe of a model, or a peer that runs the same model.

    ``opening`` tells :mod:`ner.choosing.memory` how to open it in a process of its own: a module, a
    function there that gives what tags texts, and its arguments; None where its memory is not
    measured. ``withheld`` says why it is not served, where it is not: it is measured all the same.
    """

    origin: Origin
    tagger: Tagger
    bytes_on_disk: int
    withheld: str | None = None
    opening: tuple[str, ...] | None = None

    @classmethod
    def of(cls, side: Side, choice: Choice | None = None) -> Contender:
        """An opened side, which tags as ``choice`` says."""
        tagger = side.tagger.using(choice or Choice())
        variant = side.variant
        name = f"{variant.spec.reference}#{variant.recipe.name}"
        opening = __name__, "open_alone", name, side.origin.weights or ""
        return cls(side.origin, tagger, side.size, side.withheld, opening)

    @property
    def name(self) -> str:
        """Unique among those that are measured together."""
        return self.origin.name

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return self.origin.title


def weigh(side: Side) -> int:
    """Bytes that a process with one side holds which tags single texts; as `measure_footprint`."""
    opening = Contender.of(side).opening
    assert opening is not None  # noqa: S101 - a side can be opened again
    return measure_footprint(opening, SHORT).after_singles


def open_alone(name: str, _weights: str = "") -> Callable[[Sequence[str]], object]:
    """What tags texts by the variant ``name``: checked as for serving, whatever the check says.

    ``_weights`` tell one build of it from another, so that each is measured for itself.
    """
    return open_side(resolve(name)).tagger.tag_many


def runs_here(recipe: Recipe) -> bool:
    """Whether this CPU can execute it: only BF16 asks for more than any CPU has."""
    return not recipe.needs_bf16 or supports_bf16()


def find_recipes(names: str | None) -> tuple[Recipe, ...]:
    """The recipes written ``int8,int4``, the original before them; None: those by default here.

    Raises ``ModelRefused``, listing what there is, and ``InputError`` where nothing is named.
    """
    if names is None:
        return tuple(recipe for recipe in RECIPES if recipe.by_default and runs_here(recipe))
    named = [name.strip() for name in names.split(",") if name.strip()]
    if not named:
        raise InputError("No recipe is named; expected some, such as int8,int8-weights.")
    return tuple(dict.fromkeys(map(find_recipe, [ORIGINAL, *named])))


def made_recipes(spec: ModelSpec) -> tuple[Recipe, ...]:
    """Those by default, and of the others those that have been made."""
    return tuple(
        recipe
        for recipe in RECIPES
        if runs_here(recipe)
        and (recipe.by_default or find_prepared(Variant(spec, recipe)) is not None)
    )


def unmade(spec: ModelSpec) -> tuple[Variant, ...]:
    """What could be made on request: neither made by default nor made already."""
    there = made_recipes(spec)
    return tuple(
        Variant(spec, recipe) for recipe in RECIPES if recipe not in there and runs_here(recipe)
    )


def seconds_to_make(variant: Variant) -> int:
    """About how many CPU-seconds making ``variant`` takes, its original being there."""
    original = find_prepared(variant.base)
    megabytes = _USUAL_MB if original is None else original.size / 1e6
    steps = _CALIBRATED if variant.recipe.computes_in_int8 else _COMPRESSED
    return round(_BESIDES + steps * megabytes / _USUAL_MB)


def log_refused(variant: Variant, why: str) -> None:
    """Say in the log that a variant can't be made."""
    _log.warning("%s is left out. %s", variant.recipe.title, why)


def open_contenders(
    spec: ModelSpec,
    recipes: Sequence[Recipe],
    *,
    device: str = "CPU",
    report: OnStage = unheard,
    refused: Callable[[Variant, str], None] = log_refused,
) -> list[Contender]:
    """``spec`` by each of ``recipes``, in their order, made where missing.

    Those that are not served are opened as well: they are only measured. A recipe that can't be
    made of this model is left out, and ``refused`` hears why. Raises as
    :func:`ner.models.open.open_side` where the original can't be made.
    """
    sides = []
    # The last first: making a variant makes its original on the way, in one process.
    for variant in [Variant(spec, recipe) for recipe in reversed(recipes)]:
        try:
            sides.append(open_side(variant, device=device, report=report))
        except ModelRefused as error:
            if not variant.recipe.steps or find_prepared(variant.base) is None:
                raise
            refused(variant, str(error))
    return list(map(Contender.of, reversed(sides)))
