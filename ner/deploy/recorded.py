"""What has been measured and recorded of a model by a recipe: F1 on sets, and latency."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ner.models.catalogue import assets
from ner.models.recipes import ORIGINAL
from ner.schema import recorded_estimate, recorded_sides, set_name
from ner.tables import Table, count, estimate, percent

Json = Mapping[str, Any]

_SCORES_NOTE = (
    "F1 in per cent, in brackets 95 % intervals: strict spans over whole gold tokens, one sentence "
    "at a time or a document at a time. Agreement is the F1 of the entities against the original's."
)
_TOKENS = 32  # of the latency that is quoted: a sentence


@dataclass(frozen=True)
class RecordedSet:
    """A set on which the original and a variant were scored.

    ``sides`` have the figures of both by sentence, then as documents. ``details`` say what was
    special about it, such as ``lower-cased``. ``answer`` says whether
    the variant will do, where that was recorded. ``command`` repeats the evaluation, which was made
    on ``machine``.
    """

    name: str
    details: str
    sides: Sequence[Json | None]
    agreement: float
    entities: int
    answer: str
    machine: str
    command: str

    @property
    def title(self) -> str:
        """Its name, and what was special about it."""
        return f"{self.name} ({self.details})" if self.details else self.name


@dataclass(frozen=True)
class RecordedLatency:
    """Medians for one text of ``tokens`` tokens, end to end, in milliseconds; where and when."""

    original_ms: float
    variant_ms: float
    tokens: int
    machine: str
    date: str


def recorded_sets(model: str, recipe: str) -> tuple[RecordedSet, ...]:
    """The recorded sets of ``model``, by its name in the catalogue; none if there are none."""
    return tuple(
        RecordedSet(
            name,
            set_name("", record["settings"]).strip(" ()"),
            recorded_sides(result),
            recorded_estimate(result, "agreement").value,
            result["left"]["support"],
            result.get("verdict", {}).get("answer", ""),
            record["machine"]["cpu"],
            _command(record),
        )
        for record in _records("evaluation")
        if record["settings"]["model"] == model
        for name, result in record["sets"].items()
        if [_recipe(result.get(side, {})) for side in ("left", "right")] == [ORIGINAL, recipe]
    )


def scores(sets: Sequence[RecordedSet], title: str) -> Table:
    """F1 of the original and of the recipe called ``title`` on each of some recorded sets."""
    heads = [
        f"{side} by {what}" for what in ("sentence", "document") for side in ("Original", title)
    ]
    rows = [
        (
            held.title,
            *(estimate(recorded_estimate(side)) if side else "" for side in held.sides),
            percent(held.agreement),
            count(held.entities),
            held.answer,
        )
        for held in sets
    ]
    machines = ", ".join(dict.fromkeys(held.machine for held in sets))
    columns = ("Set", *heads, "Agreement", "Entities", f"{title} will do")
    return Table.of(f"Scores, recorded on {machines}", columns, rows, _SCORES_NOTE)


def _recipe(side: Json) -> str | None:
    # Older records call it a variant.
    name: str | None = side.get("recipe", side.get("variant"))
    return name


def _command(record: Json) -> str:
    """The command line that repeats an evaluation, with the gold files under ``data``."""
    settings = record["settings"]
    files = (
        f"assets/{name}.conll" if name.startswith("gold/") else f"data/{name}.txt"
        for name in record["sets"]
    )
    words = ["python -m ner evaluate", *files]
    words += [f"--model {settings['model']}"] if settings["model"] != "bundled" else []
    words += [f"--labels {','.join(settings['labels'])}"] if settings.get("labels") else []
    words += ["--lowercase"] if settings.get("lowercase") else []
    return " ".join(words)


def recorded_latency(model: str, recipe: str) -> RecordedLatency | None:
    """The recorded latency of ``model`` by ``recipe`` beside the original's, in the same run.

    Of several records the first by name: ``bench-vnni`` before ``bench-without-vnni``.
    """
    length = f"{_TOKENS} tokens"
    for record in _records("bench"):
        medians = {
            item["recipe"]: item["times"][length]["ms"]["value"]
            for item in record["contenders"]
            if length in item["times"]
        }
        if record["model"] == model and {recipe, ORIGINAL} <= set(medians):
            machine = record["machine"]
            return RecordedLatency(
                medians[ORIGINAL],
                medians[recipe],
                _TOKENS,
                f"{machine['cores']} cores of {machine['cpu']}",
                record["date"],
            )
    return None


def _records(kind: str) -> Iterator[Json]:
    for file in sorted((assets() / "results").glob(f"{kind}-*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))
