"""``bench``: the long form of ``choose``, without a choice."""

from __future__ import annotations

from typing import Annotated

import typer

from ner.cli.choose import (
    GoldOption,
    OutOption,
    PeersOption,
    RecipesOption,
    TextsOption,
    as_run,
    contenders_of,
    print_machine,
    print_progress,
    read_sample,
)
from ner.cli.gold import MapOption, reading
from ner.cli.options import JsonOption, ModelOption
from ner.cli.terminal import print_json, print_table, write_json
from ner.errors import InputError
from ner.models.names import find_model
from ner.models.recipes import default_sides
from ner.progress import finish


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
    from ner.choosing.contenders import find_recipes
    from ner.choosing.measure import measure
    from ner.choosing.memory import FULL
    from ner.choosing.report import bench_tables, measurement_json
    from ner.choosing.workloads import long
    from ner.tagging.tagger import OpenVinoTagger

    tokens = _numbers(lengths)
    spec, wanted = find_model(model), find_recipes(recipes)
    sample, name = read_sample(spec, texts, gold, reading(label_map, default_sides(spec)[0]))
    with contenders_of(spec, wanted, sample, peers=peers) as contenders:
        tagger = contenders[0].tagger
        assert isinstance(tagger, OpenVinoTagger)  # noqa: S101 - the original of the model
        workloads = long(
            sample.texts,
            tagger,
            lengths=tokens,
            rounds=rounds,
            passes=passes,
            file_texts=file_texts,
        )
        measured = finish(measure(contenders, sample, workloads, FULL), print_progress)
    answer = measurement_json(measured, name) | as_run()
    if out is not None:
        write_json(out, answer)
    if as_json:
        print_json(answer)
    else:
        for table in bench_tables(answer):
            print_table(table)
        print_machine(answer)


def _numbers(lengths: str) -> tuple[int, ...]:
    """Lengths given as 16,32."""
    parts = [part.strip() for part in lengths.split(",")]
    if not all(part.isdecimal() and 4 <= int(part) <= 512 for part in parts):
        raise InputError(f"--lengths must be whole numbers from 4 to 512, as 16,32; got {lengths}.")
    return tuple(map(int, parts))
