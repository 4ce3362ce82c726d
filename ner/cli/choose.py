"""``choose``: which recipe to take for a model, on this machine and these texts."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner.cli.evaluate import EXIT_CODES
from ner.cli.gold import MapOption, reading
from ner.cli.options import DeviceOption, JsonOption, ModelOption
from ner.cli.terminal import (
    print_json,
    print_line,
    print_note,
    print_stage,
    print_table,
    stderr,
    write_json,
)
from ner.errors import InputError
from ner.files.gold import read_gold
from ner.files.marked import Reading
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.child import ensure_prepared
from ner.models.folder import texts_for
from ner.models.names import find_model
from ner.models.recipes import Recipe, default_sides
from ner.progress import Progress, finish
from ner.verdict import MIN_AGREEMENT

if TYPE_CHECKING:
    from ner.choosing.contenders import Contender
    from ner.choosing.measure import Sample

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
OutOption = Annotated[Path | None, typer.Option(help="Also write the JSON to a file.")]


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
    from ner.choosing.contenders import find_recipes, unmade
    from ner.choosing.measure import measure
    from ner.choosing.memory import SHORT
    from ner.choosing.report import choice_json, choice_table
    from ner.choosing.rule import Limits, recommend
    from ner.choosing.workloads import usual

    limits = Limits(max_ms, max_mb, min_agreement)
    spec, wanted = find_model(model), find_recipes(recipes)
    sample, name = read_sample(spec, texts, gold, reading(label_map, default_sides(spec)[0]))
    with contenders_of(spec, wanted, sample, peers=peers, device=device) as contenders:
        measured = finish(measure(contenders, sample, usual(sample.texts), SHORT), print_progress)
    choice = recommend(measured[: len(wanted)], limits)
    answer = choice_json(choice, measured, name, unmade(spec)) | as_run()
    if out is not None:
        write_json(out, answer)
    if as_json:
        print_json(answer)
    else:
        print_line(answer["sentence"])
        print_table(choice_table(answer, price_per_hour=price_per_hour))
        for item in answer["not_made"]:
            recipe = item["name"].partition("#")[2]
            print_line(f"{item['title']} is not made; to measure it: --recipes {recipe}")
        print_machine(answer)
    return EXIT_CODES[choice.answer]


def read_sample(
    spec: ModelSpec, texts: Path | None, gold: Path | None, read: Reading
) -> tuple[Sample, str]:
    """What to measure on, and what it is called."""
    from ner.choosing.measure import Sample

    if gold is not None:
        if texts is not None:
            raise InputError("--texts and --gold are both given; gold brings its own texts.")
        return Sample.of_gold(read_gold(gold, read)), gold.name
    if texts is not None:
        lines = tuple(line for line in read_lines(texts) if line.strip())
        return Sample(lines), texts.name
    return Sample(texts_for(spec).gate), "the model's check texts"


@contextmanager
def contenders_of(
    spec: ModelSpec,
    recipes: tuple[Recipe, ...],
    sample: Sample,
    *,
    peers: bool,
    device: str = "CPU",
) -> Iterator[list[Contender]]:
    """The model by each recipe, made where missing; with ``peers`` what others run it with too."""
    from ner.choosing.contenders import open_contenders

    if not peers:
        yield open_contenders(spec, recipes, device=device, report=print_stage)
        return
    from ner.choosing.peers import checkpoint_of, open_peers

    # First: a model that can't have peers is refused before anything is made.
    checkpoint_of(spec)
    contenders = open_contenders(spec, recipes, device=device, report=print_stage)
    folders = {
        f"pipeline on {side.recipe.title}": ensure_prepared(side).folder
        for side in default_sides(spec)
    }
    with open_peers(spec, sample.texts, folders=folders, report=print_note) as beside:
        yield contenders + beside


def print_progress(step: Progress) -> None:
    """How far a measurement is, on one line of standard error."""
    line = f"{step.done}/{step.total} {step.what}" if step.done < step.total else ""
    stderr().print(f"{line:<60}", end="\r", markup=False, highlight=False)


def print_machine(answer: Mapping[str, Any]) -> None:
    """Where it was measured, and what that means for INT8."""
    if answer["cpu_note"] is not None:
        print_line(answer["cpu_note"])
    print_line(answer["provenance"]["machine"])


def as_run() -> dict[str, Any]:
    """When and by which command it was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
    }
