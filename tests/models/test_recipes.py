"""The recipes that there are."""

from __future__ import annotations

from ner.models.recipes import RECIPES, find_recipe


def test_every_recipe_is_found_by_its_name_and_says_when_to_take_it() -> None:
    """Names and titles are each one's own."""
    assert [find_recipe(recipe.name) for recipe in RECIPES] == list(RECIPES)
    assert len({recipe.title for recipe in RECIPES}) == len(RECIPES)
    assert all(recipe.advice.endswith(".") for recipe in RECIPES)


def test_recipes_that_only_execute_differently_share_files() -> None:
    """BF16 is the original's files."""
    assert find_recipe("original").steps == find_recipe("bf16").steps
