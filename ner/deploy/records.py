"""What is known of a model by a recipe: how it was made, and what was measured and recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ner.markup import milliseconds
from ner.models.catalogue import LABELS, assets
from ner.models.folder import Manifest
from ner.models.recipes import ORIGINAL
from ner.schema import estimate_of
from ner.tables import Table, count, estimate, percent

Json = Mapping[str, Any]

_SCORES_NOTE = (
    "F1 in per cent, in brackets 95 % intervals: strict spans over whole gold tokens, one sentence "
    "at a time or a document at a time. Agreement is the F1 of the entities against the original's."
)
_TOKENS = 32  # of the latency that is quoted: a sentence


@dataclass(frozen=True)
class RecordedSet:
    """A set on which the original and a variant were scored: its name, result, and the record."""

    name: str
    result: Json
    record: Json

    @property
    def title(self) -> str:
        """Its name, and what was special about it, such as lower-cased."""
        return f"{self.name} ({self.details})" if self.details else self.name

    @property
    def details(self) -> str:
        """What was special about it: 'PER, LOC; lower-cased'."""
        settings = self.record["settings"]
        lowered = "lower-cased" if settings.get("lowercase") else ""
        return "; ".join(filter(None, [", ".join(settings.get("labels") or ()), lowered]))

    @property
    def sides(self) -> list[Json | None]:
        """The figures of both sides by sentence, then as documents; None for what it lacks."""
        parts = (self.result, self.result.get("documents", {}))
        return [part.get(key) for part in parts for key in ("left", "right")]

    @property
    def command(self) -> str:
        """The command line that repeats the evaluation, with the gold files under ``data``."""
        settings = self.record["settings"]
        files = (
            f"assets/{name}.conll" if name.startswith("gold/") else f"data/{name}.txt"
            for name in self.record["sets"]
        )
        words = ["python -m ner evaluate", *files]
        words += [f"--model {settings['model']}"] if settings["model"] != "bundled" else []
        words += [f"--labels {','.join(settings['labels'])}"] if settings.get("labels") else []
        words += ["--lowercase"] if settings.get("lowercase") else []
        return " ".join(words)


def recorded_sets(model: str, recipe: str) -> tuple[RecordedSet, ...]:
    """The recorded sets of ``model``, by its name in the catalogue; none if there are none."""
    return tuple(
        RecordedSet(name, result, record)
        for record in _records("evaluation")
        if record["settings"]["model"] == model
        for name, result in record["sets"].items()
        if [result[side]["recipe"] for side in ("left", "right")] == [ORIGINAL, recipe]
    )


def scores(sets: Sequence[RecordedSet], title: str) -> Table:
    """F1 of the original and of the recipe called ``title`` on each of some recorded sets."""
    heads = [
        f"{side} by {what}" for what in ("sentence", "document") for side in ("Original", title)
    ]
    rows = [
        (
            held.title,
            *(estimate(estimate_of(side["f1"])) if side else "" for side in held.sides),
            percent(estimate_of(held.result["agreement"]).value),
            count(held.result["left"]["support"]),
            held.result.get("verdict", {}).get("answer", ""),
        )
        for held in sets
    ]
    machines = ", ".join(dict.fromkeys(held.record["machine"]["cpu"] for held in sets))
    columns = ("Set", *heads, "Agreement", "Entities", f"{title} will do")
    return Table.of(f"Scores, recorded on {machines}", columns, rows, _SCORES_NOTE)


def label_table(labels: Sequence[str]) -> Table:
    """What the labels mean, as far as it is known."""
    rows = [(label, *LABELS.get(label, ("",) * 3)[1:]) for label in labels]
    return Table.of("", ("Label", "Means", "For example"), rows)


def making(manifest: Manifest, command: str) -> list[tuple[str, str]]:
    """How a variant was made, by name; ``command`` makes it again."""
    build, gate = manifest.build, manifest.gate
    steps = ["Exported to OpenVINO IR in FP32.", *(step.in_words for step in build.steps)]
    texts = "none were needed"
    if gate is not None and build.texts_sha256 is not None:
        kind = "the model's domain" if gate.in_domain else "general English, not the model's own"
        texts = f"of {kind}; SHA-256 {build.texts_sha256[:12]}"
    versions = ", ".join(f"{name} {version}" for name, version in sorted(build.versions.items()))
    return [
        *((f"Step {number}", step) for number, step in enumerate(steps, start=1)),
        ("Texts to calibrate and check", texts),
        ("Checkpoint", manifest.revision or build.source),
        ("Versions", versions),
        ("Reproduce with", command),
    ]


def latency_row(model: str, recipe: str) -> tuple[str, str, str] | None:
    """What was timed of ``model``, and the medians of the original and of ``recipe`` in one run.

    Of several records the first by name: ``bench-vnni`` before ``bench-without-vnni``.
    """
    length = f"{_TOKENS} tokens"
    for record in _records("bench"):
        medians = {
            item["recipe"]: milliseconds(item["times"][length]["ms"]["value"])
            for item in record["contenders"]
            if length in item["times"]
        }
        if record["model"] == model and {recipe, ORIGINAL} <= set(medians):
            where = f"{record['machine']['cores']} cores of {record['machine']['cpu']}"
            what = f"One text of {length}, median ({where}, {record['date']})"
            return what, medians[ORIGINAL], medians[recipe]
    return None


def _records(kind: str) -> Iterator[Json]:
    for file in sorted((assets() / "results").glob(f"{kind}-*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))
