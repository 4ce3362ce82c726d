"""What has been measured and recorded of a model by a recipe: F1 on sets, and latency."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ner.measuring import rows
from ner.models.catalogue import assets
from ner.models.recipes import ORIGINAL
from ner.schema import set_name

Json = Mapping[str, Any]

# What a recipe is called in the records of ``bench``.
_ROWS = {ORIGINAL: rows.ORIGINAL, "bf16": rows.BF16, "int8": rows.INT8}
# The length that is quoted, in tokens: that of a sentence.
_TOKENS = 32


@dataclass(frozen=True)
class RecordedSet:
    """A set that both were scored on, sentence by sentence: figures as ``evaluate`` writes them.

    ``details`` say what was special about it (``lower-cased``), and are empty mostly.
    """

    name: str
    details: str
    original: Json
    variant: Json
    agreement: float

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
            result["left"],
            result["right"],
            result["agreement"],
        )
        for record in _records("evaluation")
        if record["settings"]["model"] == model
        for name, result in record["sets"].items()
        if [_recipe(result.get(side, {})) for side in ("left", "right")] == [ORIGINAL, recipe]
    )


def _recipe(side: Json) -> str | None:
    # Older records call it a variant.
    name: str | None = side.get("recipe", side.get("variant"))
    return name


def recorded_latency(model: str, recipe: str) -> RecordedLatency | None:
    """The recorded latency of ``model`` by ``recipe`` beside the original's, in the same run.

    Of several records the first by name: ``bench-bundled`` before ``bench-without-vnni``.
    """
    for record in _records("bench"):
        medians = {
            row["row"]: row["median_ms"] for row in record["latency"] if row["tokens"] == _TOKENS
        }
        if record["model"] == model and {_ROWS.get(recipe), rows.ORIGINAL} <= set(medians):
            machine = record["machine"]
            return RecordedLatency(
                medians[rows.ORIGINAL],
                medians[_ROWS[recipe]],
                _TOKENS,
                f"{machine['cores']} cores of {machine['cpu']}",
                record["date"],
            )
    return None


def _records(kind: str) -> Iterator[Json]:
    for file in sorted((assets() / "results").glob(f"{kind}-*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))
