"""The model card: README.md of a checkpoint folder, generated from its metrics and from results.

Every number in it is read from ``metrics.json`` beside the checkpoint or from the files that
``evaluate --out`` wrote, so that a card can't drift from what was measured. Imports no torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ner.errors import FileFormatError
from ner.models.catalogue import LABELS, Meaning, purpose_of
from ner.schema import recorded_sides, set_name
from ner.train.settings import command_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A public data set that a model of ours may be trained or scored on."""

    name: str
    content: str
    licence: str


_REUTERS = "text Reuters, research use only"
DATA_SETS = (
    DataSet("conll2003", "news", "annotation free; text Reuters, research use only"),
    DataSet("wikigold", "Wikipedia", "CC BY 4.0"),
    DataSet("wnut17", "user-generated text", "CC BY 4.0"),
    DataSet("btc_fixed", "tweets (Broad Twitter Corpus)", "CC BY 4.0"),
    DataSet("tweebank_ner", "tweets", "Apache-2.0"),
    DataSet("uner_ewt", "web text", "CC BY-SA 4.0"),
    DataSet("sec_filings", "contracts", "CC BY 3.0"),
    DataSet("wikiann_en", "Wikipedia titles, silver labels", "unclear; see the WikiANN paper"),
    DataSet("multiconer1_en", "lower-cased Wikipedia sentences and questions", "CC BY 4.0"),
    DataSet("reuters21578_sentences", "news of 1987, unlabelled", _REUTERS),
    DataSet("reuters21578_titles", "headlines of 1987, unlabelled", _REUTERS),
    DataSet("worldwide_train_sentences", "news of the 2020s, unlabelled", "unclear: news sites"),
    DataSet("gmb_sentences", "news of the 2000s, unlabelled", "mostly public domain"),
    DataSet("bc5cdr", "biomedical abstracts", "CC BY 4.0 per its repository"),
    DataSet("ncbi_disease", "biomedical abstracts", "public domain"),
)


def write_card(folder: Path, *, model: str | None = None, results: Iterable[Path] = ()) -> None:
    """Write ``README.md`` into a checkpoint folder that ``train`` made.

    ``results`` are files of ``evaluate --out``; those of ``model`` (its name in the catalogue) are
    quoted. Raises ``FileFormatError`` if a file is not what it should be.
    """
    records = (_read(path) for path in sorted(results))
    quoted = [record for record in records if record.get("settings", {}).get("model") == model]
    text = card(_read(folder / "metrics.json"), folder.name, quoted)
    (folder / "README.md").write_text(text, "utf-8")


def _read(path: Path) -> Json:
    try:
        loaded = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise FileFormatError(path, None, "is missing; train writes it.") from error
    except ValueError as error:
        raise FileFormatError(path, None, f"is not JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise FileFormatError(path, None, "holds no JSON object.")
    return loaded


def card(metrics: Json, name: str, results: Sequence[Json] = ()) -> str:
    """The card's Markdown, from a run's metrics and the evaluations of its checkpoint."""
    labels = metrics["labels"]
    purpose = purpose_of(labels)
    return "\n".join(
        [
            "---",
            "language: en",
            "license: apache-2.0",
            "library_name: transformers",
            "pipeline_tag: token-classification",
            "---",
            f"# {purpose.title}",
            "",
            purpose.use,
            "",
            *_label_lines(labels),
            *_score_lines(metrics, results),
            *_data_lines(metrics),
            *_training_lines(metrics, name),
            "## Limits",
            *(f"- {limit}" for limit in purpose.limits),
            "",
        ]
    )


def _label_lines(labels: Sequence[str]) -> list[str]:
    unknown = Meaning("", "see the training data", "")
    meanings = [LABELS.get(label, unknown) for label in labels]
    rows = ((label, it.covers, it.examples) for label, it in zip(labels, meanings, strict=True))
    return ["## Labels", *_table(("label", "means", "for example"), rows), ""]


def _score_lines(metrics: Json, results: Sequence[Json]) -> list[str]:
    """Dev scores of the run, then whatever was evaluated in both precisions."""
    lines = [
        "## Scores",
        "F1 in per cent; strict spans over whole gold tokens, one sentence at a time "
        "or, where it says so, a document at a time.",
    ]
    rows = [
        (f"{name}/{split}", _percent(figures["f1"]), f"{figures['support']:,}")
        for split in ("dev", "test")
        for name, figures in metrics.get(split, {}).items()
    ]
    lines += ["", "In training (PyTorch):", "", *_table(("set", "F1", "entities"), rows), ""]
    measured = [row for record in results for row in _evaluation_rows(record)]
    if measured:
        lines += ["As served, from raw text (OpenVINO):", "", *_table(_HEADER, measured), ""]
        lines += ["Measured by", "```", *map(evaluation_command, results), "```", ""]
    return lines


_HEADER = (
    "set",
    "FP32 by sentence (95 % interval)",
    "INT8 by sentence",
    "FP32 by document",
    "INT8 by document",
    "agreement",
    "entities",
)


def evaluation_command(record: Json) -> str:
    """The command line that repeats an evaluation, with the gold files under ``data``."""
    settings = record["settings"]
    words = ["python -m ner evaluate", *map(_gold_file, record["sets"])]
    words += [f"--model {settings['model']}"] if settings["model"] != "bundled" else []
    words += [f"--labels {','.join(settings['labels'])}"] if settings.get("labels") else []
    words += ["--lowercase"] if settings.get("lowercase") else []
    return " ".join(words)


def _gold_file(name: str) -> str:
    """Where the set called ``name`` lies: the project's own beside its code, others below data."""
    return f"assets/{name}.conll" if name.startswith("gold/") else f"data/{name}.txt"


def _evaluation_rows(record: Json) -> Iterable[tuple[str, ...]]:
    settings = record["settings"]
    for name, scores in record["sets"].items():
        yield (
            set_name(name, settings),
            *map(_f1_cell, recorded_sides(scores)),
            _percent(scores["agreement"]) if "agreement" in scores else "",
            f"{scores['left']['support']:,}",
        )


def _f1_cell(side: Json | None) -> str:
    if side is None:
        return ""
    low, high = side["f1_low"], side["f1_high"]
    # Of too few texts for an interval.
    between = "" if (low, high) == (0, 1) else f" ({_percent(low)}–{_percent(high)})"
    return f"{_percent(side['f1'])}{between}"


def stages(metrics: Json) -> list[Json]:
    """The runs that led to a checkpoint, the first one first; each of them once."""
    found: list[Json] = []
    for run in metrics.get("averaged", [metrics]):
        before = run.get("before")
        found += [
            stage for stage in (*(stages(before) if before else []), run) if stage not in found
        ]
    return found


def _data_rows(metrics: Json, run: str) -> Iterable[tuple[str, ...]]:
    """A row for each set of a run, then for each set that its teachers learnt from."""
    known = {data_set.name: data_set for data_set in DATA_SETS}
    for spec in metrics["settings"]["data"]:
        name, weight, *labels = spec.split(":")
        entry = known.get(name, DataSet(name, "", "see the set's own terms"))
        yield run, name, entry.content, weight, labels[0] if labels else "all", entry.licence
    for spec in metrics["settings"].get("unlabelled", ()):
        file, _, weight = spec.partition(":")
        name = Path(file).stem
        entry = known.get(name, DataSet(name, "unlabelled", "see the text's own terms"))
        yield run, name, entry.content, weight, "the teacher's", entry.licence
    for teacher in filter(None, metrics.get("teachers", ())):
        for stage in stages(teacher):
            yield from _data_rows(stage, f"{run}, teacher")


def _data_lines(metrics: Json) -> list[str]:
    runs = enumerate(stages(metrics), start=1)
    rows = [row for number, stage in runs for row in _data_rows(stage, f"{number}")]
    header = ("run", "set", "content", "share per epoch", "labels learnt", "licence")
    return [
        "## Training data",
        *_table(header, dict.fromkeys(rows)),
        "",
        "The base encoder is all-MiniLM-L6-v2 (Apache-2.0), with a cased vocabulary laid over its "
        "uncased one. No text of these sets is part of the checkpoint; whoever uses the weights "
        "commercially should look at the terms of each set.",
        "",
    ]


def _training_lines(metrics: Json, name: str) -> list[str]:
    lines = ["## Training"]
    runs = stages(metrics)
    for number, stage in enumerate(runs, start=1):
        before = stage.get("before")
        base = {}
        if before and "averaged" in before:
            lines += _mean_lines(before, runs, "mean")
            base = {"base": "mean"}
        elif before:
            base = {"base": f"run-{runs.index(before) + 1}"}
        lines += [
            f"Run {number}:",
            "```",
            command_of(
                {**stage["settings"], **base}, name if stage is metrics else f"run-{number}"
            ),
            "```",
            _run_line(stage),
            *_teacher_lines(stage),
            "",
        ]
    caption = "Training loss and dev F1 over steps"
    if "averaged" in metrics:
        lines += _mean_lines(metrics, runs, name)
        caption += ", of the best run"
    return [*lines, f"![{caption}](learning_curve.svg)", ""]


def _mean_lines(metrics: Json, runs: Sequence[Json], name: str) -> list[str]:
    """How the mean of several runs was made."""
    names = [f"run-{runs.index(run) + 1}" for run in metrics["averaged"]]
    data = " ".join(f"--data data/{spec}" for spec in metrics["data"])
    made = f"python -m ner average {' '.join(names)} {data} --out {name}"
    return ["The mean of their weights:", "```", made, "```", ""]


def _run_line(metrics: Json) -> str:
    minutes, memory = metrics["seconds"] / 60, metrics["peak_memory_bytes"] / 1e9
    return (
        f"{metrics['steps']:,} steps, the kept checkpoint is from step {metrics['best_step']:,}; "
        f"{minutes:.0f} minutes, {memory:.1f} GB of memory at most, "
        f"{'BF16' if metrics['bf16'] else 'FP32'} products. Padding was "
        f"{_percent(metrics['padding_share'])} % of all word pieces; with every text padded to the "
        f"longest one it would have been {_percent(metrics['padding_share_fixed_length'])} %."
    )


def _teacher_lines(metrics: Json) -> list[str]:
    """What the teachers of a run were, and how much they counted."""
    settings = metrics["settings"]
    lines = []
    for name, record in zip(settings.get("teachers", ()), metrics.get("teachers", ()), strict=True):
        line = f"Teacher `{name}`"
        if record:
            scores = (f"{key} {_percent(dev['f1'])}" for key, dev in record["dev"].items())
            line += f", dev F1: {', '.join(scores)}"
        lines.append(f"{line}.")
    if lines:
        lines.append(
            "Their mean tag distributions are the labels of the unlabelled text, and of the first "
            f"set's sentences {_percent(settings['distil_weight'])} % of the loss."
        )
    return lines


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"
