"""Options for files of gold, which several commands read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated

import typer

from ner.cli.terminal import print_stage
from ner.files.marked import Reading
from ner.io import read_json
from ner.models.checkpoint import CONFIG
from ner.models.child import ensure_prepared
from ner.models.recipes import Variant
from ner.tagging.model import model_tags
from ner.tags import parse_map

MapOption = Annotated[
    str | None,
    typer.Option("--map", help="Other names for gold's labels: person=PER,GPE=LOC,DATE="),
]


def reading(given_map: str | None, variant: Variant, given: Reading | None = None) -> Reading:
    """How gold is read, from the options of a command.

    Where gold numbers its tags, they are those of the model, which is prepared only then.
    """

    @cache
    def tags() -> Sequence[str]:
        folder = ensure_prepared(variant, report=print_stage).folder
        return model_tags(read_json(folder / CONFIG))

    return replace(given or Reading(), names=parse_map(given_map), tag_names=tags)
