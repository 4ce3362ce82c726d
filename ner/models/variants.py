"""A model made by a recipe, and how it is written: ``model#recipe``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ner.errors import ModelRefused
from ner.models.catalogue import ModelSpec, catalogue, find
from ner.models.recipes import ORIGINAL, RECOMMENDED, Recipe, find_recipe


@dataclass(frozen=True)
class Variant:
    """A model and the recipe that makes it.

    ``folder`` is a prepared folder that is taken as it stands, as yesterday's; None where the one
    that fits is looked up, and made if there is none.
    """

    spec: ModelSpec
    recipe: Recipe
    folder: Path | None = None

    @property
    def name(self) -> str:
        """As it is written: ``bundled#int8``."""
        return f"{self.spec.name}#{self.recipe.name}"

    @property
    def title(self) -> str:
        """As it is read: 'General English (bundled) · INT8'."""
        return f"{self.spec.title} · {self.recipe.title}"

    @property
    def base(self) -> Variant:
        """The original of the same model."""
        return Variant(self.spec, find_recipe(ORIGINAL))


def default_sides(spec: ModelSpec) -> tuple[Variant, Variant]:
    """What is compared unasked: the original and INT8."""
    return Variant(spec, find_recipe(ORIGINAL)), Variant(spec, find_recipe(RECOMMENDED))


def split_name(text: str) -> tuple[str, str]:
    """The model and the recipe of ``model#recipe``, '' for a half that is left out.

    A word alone is a recipe where there is one of that name, else a model.

    >>> split_name("medical#int8"), split_name("int8"), split_name("medical"), split_name("#bf16")
    (('medical', 'int8'), ('', 'int8'), ('medical', ''), ('', 'bf16'))
    """
    model, mark, recipe = text.partition("#")
    if mark:
        return model, recipe
    try:
        return "", find_recipe(model).name
    except ModelRefused:
        return model, ""


def find_variant(
    text: str, *, model: str | None = None, recipe: str = RECOMMENDED, local: bool = True
) -> Variant:
    """The variant written ``text``: ``model#recipe``, either half optional.

    What is left out is ``model`` (None: the default one) and ``recipe``. Raises ``ModelRefused``
    for a model or recipe that there is not; with ``local`` false a model is never a path, as in
    :func:`ner.models.catalogue.find`.
    """
    if not isinstance(text, str):
        raise ModelRefused("A side is given by its name, such as bundled#int8.")
    named, chosen = split_name(text)
    spec = find(named or model or catalogue()[0].name, local=local)
    return Variant(spec, find_recipe(chosen or recipe))
