"""``choose``: which recipe to take for a model, on this machine and these texts."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ner.choosing.contenders import find_recipes, unmade
from ner.choosing.measure import Sample, measure_model
from ner.choosing.memory import SHORT
from ner.choosing.recommend import Limits, recommend
from ner.choosing.report import choice_json, choice_table
from ner.cli.evaluate import EXIT_CODES
from ner.cli.gold import MapOption, reading
from ner.cli.options import DeviceOption, JsonOption, ModelOption, OutOption
from ner.cli.terminal import (
    check_folder,
    print_json,
    print_line,
    print_progress,
    print_stage,
    print_table,
    write_json,
)
from ner.errors import InputError
from ner.files.gold import read_gold
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.folder import texts_for
from ner.models.names import find_model
from ner.models.recipes import Variant, default_sides
from ner.progress import finish
from ner.tables import Table
from ner.verdict import MIN_AGREEMENT

TextsOption = Annotated[
    Path | None,
    typer.Option(help="File of texts, one per line (default: the model's check texts)."),
]
GoldOption = Annotated[
    Path | None,
    typer.Option(help="Labelled file to measure on instead; also reports F1."),
]
RecipesOption = Annotated[
    str | None,
    typer.Option(help="Such as int8,int8-small (default: the usual ones)."),
]
PeersOption = Annotated[
    bool, typer.Option("--peers", help="Also measure this model on PyTorch and ONNX Runtime.")
]


def choose(
    model: ModelOption = "bundled",
    texts: TextsOption = None,
    gold: GoldOption = None,
    label_map: MapOption = None,
    recipes: RecipesOption = None,
    max_ms: Annotated[
        float | None, typer.Option(help="The most milliseconds for a text (median).")
    ] = None,
    max_mb: Annotated[float | None, typer.Option(help="The most megabytes on disk.")] = None,
    min_agreement: Annotated[
        float, typer.Option(help="The least F1 against the original's entities.")
    ] = MIN_AGREEMENT,
    price_per_hour: Annotated[
        float | None,
        typer.Option(min=0.0, help="Price of this machine: also prices a million texts."),
    ] = None,
    peers: PeersOption = False,
    device: DeviceOption = "CPU",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure a model's recipes side by side and recommend one.

    Exit code 0: found, 1: none fits, 3: undecided.
    """
    limits = Limits(max_ms, max_mb, min_agreement)
    check_folder(out)
    spec = find_model(model)
    sample, name = read_sample(spec, texts, gold, label_map)
    refused: dict[Variant, str] = {}
    steps = measure_model(
        spec,
        find_recipes(recipes),
        sample,
        SHORT,
        peers=default_sides(spec) if peers else None,
        device=device,
        report=print_stage,
        refused=refused.__setitem__,
    )
    measured = finish(steps, print_progress)
    choice = recommend([one for one in measured if one.origin.recipe is not None], limits)
    answer = choice_json(
        choice, measured, name, [one for one in unmade(spec) if one not in refused], refused
    )
    table = choice_table(answer, price_per_hour=price_per_hour)
    tell(answer, [table], out, as_json=as_json)
    return EXIT_CODES[choice.answer]


def read_sample(
    spec: ModelSpec, texts: Path | None, gold: Path | None, label_map: str | None
) -> tuple[Sample, str]:
    """What to measure on, and what it is called."""
    if gold is not None:
        if texts is not None:
            raise InputError("--texts and --gold are both given; gold brings its own texts.")
        read = reading(label_map, default_sides(spec)[0])
        return Sample.of_gold(read_gold(gold, read)), gold.name
    if texts is not None:
        lines = tuple(line for line in read_lines(texts) if line.strip())
        return Sample(lines), texts.name
    return Sample(texts_for(spec).gate), "the model's check texts"


def tell(
    answer: dict[str, Any], tables: Iterable[Table], out: Path | None, *, as_json: bool
) -> None:
    """What was measured, when and by which command: as JSON, or in words and tables."""
    answer |= {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
    }
    if out is not None:
        write_json(out, answer)
    if as_json:
        print_json(answer)
        return
    if "sentence" in answer:
        print_line(answer["sentence"])
    for table in tables:
        print_table(table)
    for item in answer.get("refused", ()):
        print_line(f"{item['title']} is left out. {item['reason']}")
    for item in answer.get("not_made", ()):
        recipe = item["name"].partition("#")[2]
        print_line(f"{item['title']} is not made; to measure it: --recipes {recipe}")
    for sentence in filter(None, [answer["cpu_note"], answer["provenance"]["machine"]]):
        print_line(sentence)
