"""``bench``: the long form of ``choose``, without a choice."""

from __future__ import annotations

from typing import Annotated

import typer

from ner.choosing.contenders import Contender, find_recipes
from ner.choosing.measure import measure_model
from ner.choosing.memory import FULL
from ner.choosing.report import bench_tables, measurement_json
from ner.choosing.workloads import Workload, long
from ner.cli.choose import (
    GoldOption,
    PeersOption,
    RecipesOption,
    TextsOption,
    read_sample,
    tell,
)
from ner.cli.gold import MapOption
from ner.cli.options import JsonOption, ModelOption, OutOption
from ner.cli.terminal import check_folder, print_progress, print_stage
from ner.errors import InputError
from ner.models.names import find_model
from ner.models.recipes import default_sides
from ner.progress import finish
from ner.tagging.tagger import OpenVinoTagger


def bench(
    model: ModelOption = "bundled",
    texts: TextsOption = None,
    gold: GoldOption = None,
    label_map: MapOption = None,
    recipes: RecipesOption = None,
    lengths: Annotated[
        str, typer.Option(help="Tokens of the texts to time, separated by commas.")
    ] = "16,32,64,128,256,512",
    rounds: Annotated[int, typer.Option(min=6, help="Runs at each length.")] = 60,
    passes: Annotated[int, typer.Option(min=6, help="Runs over each file.")] = 7,
    file_texts: Annotated[
        int, typer.Option(min=1, help="Repeat the texts until a file has so many.")
    ] = 1000,
    peers: PeersOption = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure as choose does, also texts of each length, files of short and long texts, memory."""
    tokens = _numbers(lengths)
    check_folder(out)
    spec = find_model(model)
    sample, name = read_sample(spec, texts, gold, label_map)

    def workloads(original: Contender) -> list[Workload]:
        tagger = original.tagger
        assert isinstance(tagger, OpenVinoTagger)  # noqa: S101 - of a recipe
        return long(
            sample.texts,
            tagger,
            lengths=tokens,
            rounds=rounds,
            passes=passes,
            file_texts=file_texts,
        )

    steps = measure_model(
        spec,
        find_recipes(recipes),
        sample,
        FULL,
        workloads,
        peers=default_sides(spec) if peers else None,
        report=print_stage,
    )
    answer = measurement_json(finish(steps, print_progress), name)
    tell(answer, bench_tables(answer), out, as_json=as_json)


def _numbers(lengths: str) -> tuple[int, ...]:
    """Lengths given as 16,32."""
    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isdecimal() and 4 <= int(part) <= 512 for part in parts):
        raise InputError(f"--lengths must be whole numbers from 4 to 512, as 16,32; got {lengths}.")
    return tuple(map(int, parts))
