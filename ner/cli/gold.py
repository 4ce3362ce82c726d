"""Options for files of gold, which several commands read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated

import typer

from ner.cli.terminal import print_stage
from ner.files.marked import Reading
from ner.io import read_json
from ner.models.child import ensure_prepared
from ner.models.recipes import Variant
from ner.tagging.model import model_tags
from ner.tags import parse_map

MapOption = Annotated[
    str | None,
    typer.Option("--map", help="Other names for gold's labels: person=PER,GPE=LOC,DATE="),
]


def tag_names(variant: Variant) -> Callable[[], Sequence[str]]:
    """Asks for the model's tags, for gold that numbers them; prepared only if it does."""

    @cache
    def names() -> Sequence[str]:
        folder = ensure_prepared(variant, report=print_stage).folder
        return model_tags(read_json(folder / "config.json"))

    return names


def reading(given_map: str | None, variant: Variant, given: Reading | None = None) -> Reading:
    """How gold is read, from the options of a command, and for which model."""
    return replace(given or Reading(), names=parse_map(given_map), tag_names=tag_names(variant))
