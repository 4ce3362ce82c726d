"""The card of a checkpoint: README.md beside its metrics.json. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData

from ner.deploy.card import TASK, render, score_table
from ner.deploy.records import recorded_sets
from ner.io import read_json
from ner.markup import percent
from ner.models.catalogue import ModelSpec, assets
from ner.models.recipes import RECOMMENDED
from ner.train.settings import Source, command_of

Record = Mapping[str, Any]

_OLD_BASE = "all-MiniLM-L6-v2 (Apache-2.0), with a cased vocabulary laid over its uncased one"


def write_record(folder: Path, name: str, metrics: Record, spec: ModelSpec | None = None) -> None:
    """Write metrics.json and the card of a checkpoint called ``name``.

    ``spec`` is its entry in the catalogue, if it has one: then the card quotes what was recorded.
    """
    text = json.dumps(metrics, indent=2) + "\n"
    (folder / "metrics.json").write_text(text, "utf-8")
    (folder / "README.md").write_text(checkpoint_card(metrics, name, spec), "utf-8")


def checkpoint_card(metrics: Record, name: str, spec: ModelSpec | None = None) -> str:
    """The card's Markdown, from a run's metrics and the recorded evaluations of its checkpoint."""
    sets = recorded_sets(spec.name, RECOMMENDED) if spec else ()
    runs = metrics.get("averaged", [metrics])
    return render(
        "checkpoint_card",
        ModelCardData(
            language="en",
            license=spec.licence.lower() if spec else None,
            library_name="transformers",
            pipeline_tag=TASK,
            tags=["named-entity-recognition"],
        ),
        metrics["labels"],
        name=name,
        metrics=metrics,
        sets=sets,
        scores=score_table(sets, "INT8"),
        learnt=_data_rows(metrics),
        first=next(stages(metrics)),
        old_base=_OLD_BASE,
        runs=runs,
        command=command_of(runs[-1]["settings"], name),
        last=runs[-1],
        history=_history_rows(runs[-1]),
    )


def stages(metrics: Record | None) -> Iterator[Record]:
    """The records of all runs that led to a checkpoint, teachers included, the first one first."""
    for run in (metrics or {}).get("averaged", [metrics] if metrics else []):
        yield from stages(run.get("before"))
        for teacher in (run.get("teacher"), *run.get("teachers", ())):
            yield from stages(teacher)
        yield run


def _data_rows(metrics: Record) -> Iterator[tuple[str, ...]]:
    """A row for each set that this checkpoint, what it goes back to, or a teacher learnt from."""
    specs = [
        Source.parse(spec)
        for run in stages(metrics)
        for spec in (*run["settings"]["data"], *run["settings"].get("unlabelled", ()))
    ]
    known = read_json(assets() / "data_sets.json")
    unknown = {"content": "", "licence": "see the set's own terms"}
    for name, labels in {source.name: source.labels or ("all",) for source in specs}.items():
        held = known.get(name, unknown)
        yield name, held["content"], ", ".join(labels), held["licence"]


def _history_rows(run: Record) -> Iterator[tuple[str, ...]]:
    """Step, latest loss and dev F1 of each evaluation."""
    loss = ""
    for entry in run["history"]:
        loss = f"{entry['loss']:.4f}" if "loss" in entry else loss
        if "eval_f1" in entry:
            yield f"{entry['step']:,}", loss, percent(entry["eval_f1"])
