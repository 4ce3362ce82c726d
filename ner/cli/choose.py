"""``choose``: which recipe to take for a model, on this machine and these texts."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ner.cli.evaluate import EXIT_CODES
from ner.cli.gold import MapOption, reading
from ner.cli.options import DeviceOption, JsonOption, ModelOption
from ner.cli.terminal import print_json, print_note, print_stage, stderr, stdout, write_json
from ner.errors import InputError
from ner.files.gold import read_gold
from ner.files.marked import Reading
from ner.io import read_lines
from ner.models.catalogue import ModelSpec
from ner.models.folder import texts_for
from ner.models.names import find_model
from ner.models.recipes import default_sides
from ner.verdict import MIN_AGREEMENT

if TYPE_CHECKING:
    from ner.choosing.measure import Contender, Sample
    from ner.measuring.rounds import BenchmarkStep

# Characters; all columns fit.
_TABLE_WIDTH = 120


def choose(
    model: ModelOption = "bundled",
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A file of texts, one a line; default: our own.")
    ] = None,
    gold: Annotated[
        Path | None, typer.Option("--gold", help="A gold file in their place; adds the F1.")
    ] = None,
    label_map: MapOption = None,
    recipes: Annotated[
        str | None,
        typer.Option("--recipes", help="Such as int8,int8-small; default: the usual ones."),
    ] = None,
    max_ms: Annotated[
        float | None, typer.Option("--max-ms", help="The most milliseconds for a text (median).")
    ] = None,
    max_mb: Annotated[
        float | None, typer.Option("--max-mb", help="The most megabytes on disk.")
    ] = None,
    min_agreement: Annotated[
        float, typer.Option("--min-agreement", help="The least F1 against the original's entities.")
    ] = MIN_AGREEMENT,
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Beside them: this model on PyTorch and ONNX Runtime."),
    ] = False,
    device: DeviceOption = "CPU",
    out: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON to a file.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Measure a model's recipes side by side and name the one to take: 0 yes, 1 none, 3 open."""
    from ner.choosing.contenders import find_recipes, memory_of, open_contenders, unmade
    from ner.choosing.decision import decide
    from ner.choosing.limits import Limits
    from ner.choosing.measure import measure
    from ner.choosing.report import choice_json

    limits = Limits(max_ms, max_mb, min_agreement)
    spec, wanted = find_model(model), find_recipes(recipes)
    sample, name = _sample(spec, texts, gold, reading(label_map, default_sides(spec)[0]))
    # The peers first: a model that can't have any is refused before anything is made.
    beside = _peers(spec, sample) if peers else []
    original, *others = open_contenders(spec, wanted, device=device, report=print_stage)
    memory = memory_of(spec, sample.texts)
    found = measure(original, [*others, *beside], sample, memory=memory, report=_print_step)
    own = len(others) + 1
    decision = decide(found[:own], limits)
    answer = choice_json(decision, texts=name, unmade=unmade(spec), peers=found[own:]) | {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m ner {' '.join(map(shlex.quote, sys.argv[1:]))}",
    }
    if out is not None:
        write_json(out, answer)
    tell = print_json if as_json else _print_answer
    tell(answer)
    return EXIT_CODES[decision.answer]


def _sample(
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
    return Sample(texts_for(spec).gate), "the model's gate texts"


def _peers(spec: ModelSpec, sample: Sample) -> list[Contender]:
    """What others run the model with, to be measured beside it."""
    from ner.choosing.measure import Contender
    from ner.comparing.origin import Origin
    from ner.measuring.peers.contest import open_peers

    return [
        Contender(Origin(row.removeprefix("pipeline on "), row), peer, peer.bytes_on_disk)
        for row, peer in open_peers(spec, sample.texts, report=print_note).items()
    ]


def _print_step(step: BenchmarkStep) -> None:
    line = f"{step.done}/{step.total} {step.what}"
    stderr().print(f"{line:<50}", end="\r", markup=False, highlight=False)


def _print_answer(answer: Mapping[str, Any]) -> None:
    candidates = answer["candidates"]
    scored = candidates[0]["gold"] is not None
    heads = ["recipe", "MB", "RAM MB", "ms a text", "agreement %", *(["F1 %"] if scored else [])]
    table = Table(box=None)
    for head in (*heads, "fits"):
        table.add_column(head, no_wrap=True)
    for item in candidates:
        table.add_row(*_cells(item, scored=scored))
    for item in answer["peers"]:
        table.add_row(*_cells(item, scored=scored), style="dim")
    stderr().print(" " * 60, end="\r")
    # Figures are never cut, whatever the width of the terminal.
    stdout().print(table, highlight=False, width=max(stdout().width, _TABLE_WIDTH), crop=False)
    for item in answer["not_made"]:
        name = item["name"].partition("#")[2]
        _print_line(f" {name:<13} not made; make: about {item['seconds']} s (--recipes {name})")
    _print_line(answer["sentence"])
    for note in (answer["cpu_note"], f"{answer['texts']['n']:,} texts: {answer['texts']['set']}."):
        if note:
            _print_line(note)
    _print_line(answer["provenance"]["machine"])


def _print_line(text: str) -> None:
    """A sentence on standard output, as it is."""
    stdout().print(text, markup=False, highlight=False, soft_wrap=True)


def _cells(item: Mapping[str, Any], *, scored: bool) -> list[str]:
    latency, memory = item["latency"], item["memory_bytes"]
    high = "∞" if latency["high"] is None else f"{latency['high']:.3g}"
    cells = [
        item["name"].partition("#")[2] or item["title"],
        f"{item['bytes_on_disk'] / 1e6:.1f}",
        "" if memory is None else f"{memory / 1e6:.0f}",
        f"{latency['median_ms']:.3g} ({latency['low']:.3g}–{high})",
        _percent(item["agreement"]),
        *([_percent(item["gold"])] if scored else []),
    ]
    # Other people's pipelines are nothing to choose, so nobody asks whether they fit.
    return [*cells, {"yes": "yes", "no": "no", "undecided": "?"}.get(item.get("fits", ""), "")]


def _percent(estimate: Mapping[str, float]) -> str:
    """An F1 in per cent with its interval."""
    low, high = 100 * estimate["low"], 100 * estimate["high"]
    return f"{100 * estimate['value']:.1f} ({low:.1f}–{high:.1f})"
