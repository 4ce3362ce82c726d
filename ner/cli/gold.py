"""Options for files of gold, which several commands read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated

import typer

from ner.cli.terminal import print_stage
from ner.errors import ModelRefused
from ner.files.gold import FORMATS
from ner.files.marked import Offsets, Reading
from ner.io import read_json
from ner.models.child import ensure_prepared
from ner.models.recipes import Variant
from ner.tags import parse_map

MapOption = Annotated[
    str | None,
    typer.Option("--map", help="Other names for gold's labels: person=PER,GPE=LOC,DATE="),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        help=f"Gold's format, if it can't be told: {', '.join(each.name for each in FORMATS)}.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(help="Gold's encoding, such as cp1252; default: UTF-8, or by mark."),
]
TagColumnOption = Annotated[
    int | None, typer.Option(min=1, help="The column of tags, counted from 1.")
]
OffsetsOption = Annotated[
    Offsets | None, typer.Option(help="What the offsets of gold's spans count.")
]
OutermostOption = Annotated[
    bool, typer.Option("--outermost", help="Of nested spans keep the outer one.")
]


def tag_names(variant: Variant) -> Callable[[], Sequence[str]]:
    """Asks for the model's tags, for gold that numbers them; prepared only if it does."""

    @cache
    def names() -> list[str]:
        config = read_json(ensure_prepared(variant, report=print_stage).folder / "config.json")
        labels = config.get("id2label") or {}
        if not all(key.isdecimal() for key in labels):
            raise ModelRefused("The model's config.json names no labels (id2label).")
        return [str(labels[key]) for key in sorted(labels, key=int)]

    return names


def reading(given_map: str | None, variant: Variant, others: Reading | None = None) -> Reading:
    """How gold is read, from the options of a command, and for which model."""
    return replace(others or Reading(), names=parse_map(given_map), tag_names=tag_names(variant))
