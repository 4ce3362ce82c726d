"""The card of a checkpoint: README.md beside its metrics.json. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData

from ner.deploy.card import TASK, bullets, render, score_table, table
from ner.deploy.facts import RecordedSet, evaluate_command, label_table, recorded_sets
from ner.io import read_json
from ner.markup import percent
from ner.models.catalogue import ModelSpec, assets, purpose_of
from ner.models.recipes import RECOMMENDED
from ner.tables import markdown
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
    purpose = purpose_of(metrics["labels"])
    sets = recorded_sets(spec.name, RECOMMENDED) if spec else ()
    return render(
        ModelCardData(
            language="en",
            license=spec.licence.lower() if spec else None,
            library_name="transformers",
            pipeline_tag=TASK,
            tags=["named-entity-recognition"],
        ),
        purpose.title,
        purpose.use,
        [
            ("Labels", [markdown(label_table(metrics["labels"]))]),
            ("Scores", [*_dev_scores(metrics), *_recorded_scores(sets)]),
            ("Training data", _data_parts(metrics)),
            ("Training", _training_parts(metrics, name)),
            ("Limits", [bullets(purpose.limits)]),
        ],
    )


def _dev_scores(metrics: Record) -> Iterator[str]:
    yield "F1 on dev sets in training (PyTorch), by sentence:"
    rows = [
        (name, percent(figures["f1"]), f"{figures['support']:,}")
        for name, figures in metrics["dev"].items()
    ]
    yield table(("Set", "F1", "Entities"), rows)


def _recorded_scores(sets: tuple[RecordedSet, ...]) -> Iterator[str]:
    """Whatever was evaluated as it is served, from raw text."""
    if sets:
        yield "As served by OpenVINO, from raw text."
        yield score_table(sets, "INT8")
        commands = "\n".join(dict.fromkeys(evaluate_command(held.record) for held in sets))
        yield f"Measured by\n\n```sh\n{commands}\n```"


def stages(metrics: Record | None) -> Iterator[Record]:
    """The records of all runs that led to a checkpoint, teachers included, the first one first."""
    for run in (metrics or {}).get("averaged", [metrics] if metrics else []):
        yield from stages(run.get("before"))
        for teacher in (run.get("teacher"), *run.get("teachers", ())):
            yield from stages(teacher)
        yield run


def _data_parts(metrics: Record) -> Iterator[str]:
    """A row for each set that this checkpoint, what it goes back to, or a teacher learnt from."""
    runs = list(stages(metrics))
    specs = [
        Source.parse(spec)
        for run in runs
        for spec in (*run["settings"]["data"], *run["settings"].get("unlabelled", ()))
    ]
    learnt = {source.name: ", ".join(source.labels or ("all",)) for source in specs}
    known = read_json(assets() / "data_sets.json")
    unknown = {"content": "", "licence": "see the set's own terms"}
    rows = [
        (name, held["content"], labels, held["licence"])
        for name, labels in learnt.items()
        for held in [known.get(name, unknown)]
    ]
    yield table(("Set", "Content", "Labels learnt", "Licence"), rows)
    base = runs[0]["settings"].get("base") or _OLD_BASE
    yield (
        f"The first training started from {base}. No text of these sets is part of the checkpoint; "
        "whoever uses the weights commercially should look at the terms of each set."
    )


def _training_parts(metrics: Record, name: str) -> Iterator[str]:
    last = metrics
    yield "This was the last training; metrics.json has the records of all that led to it."
    if "averaged" in metrics:
        data = " ".join(f"--data data/{spec}" for spec in metrics["data"])
        averaged = metrics["averaged"]
        folders = " ".join(f"run-{averaged.index(run) + 1}" for run in averaged)
        yield f"```sh\npython -m ner average {folders} {data} --out {name}\n```"
        last = metrics["averaged"][-1]
    yield f"```sh\n{command_of(last['settings'], name)}\n```"
    yield (
        f"{last['steps']:,} steps, of which step {last['best_step']:,} is kept; "
        f"{last['seconds'] / 60:.0f} minutes, "
        f"{'BF16' if last['bf16'] else 'FP32'} products."
    )
    yield _teacher(last)
    rows, loss = [], ""
    for entry in last["history"]:
        loss = f"{entry['loss']:.4f}" if "loss" in entry else loss
        if "eval_f1" in entry:
            rows.append((f"{entry['step']:,}", loss, percent(entry["eval_f1"])))
    yield table(("Step", "Loss", "Dev F1"), rows)


def _teacher(run: Record) -> str:
    """Who taught, and how much it counted; empty where nobody did."""
    settings, record = run["settings"], run.get("teacher")
    name = settings.get("teacher") or settings.get("teacher_labels")
    if not name:
        return ""
    reached = ""
    if record:
        scores = (f"{key} {percent(dev['f1'])}" for key, dev in record["dev"].items())
        base = record["settings"].get("base") or _OLD_BASE
        reached = f" (from {base}; dev F1: {', '.join(scores)})"
    return (
        f"The labels of the unlabelled text are the tag distributions of the teacher `{name}`"
        f"{reached}; on the first set's sentences they are {percent(settings['distil_weight'])} % "
        "of the loss."
    )
