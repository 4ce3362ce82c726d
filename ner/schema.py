"""The JSON of the command line, the API and the downloads, in one place.

Offsets are half-open code points of ``text``; times are milliseconds; F1 and scores are fractions.
Scores are rounded to six decimals, times to three.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from ner.comparing.agreement import Agreement
from ner.comparing.origin import Origin
from ner.comparing.timing import Timing
from ner.entities import Entity, Tagged
from ner.machine import describe
from ner.models.folder import Gate, Prepared, as_json
from ner.stats import Estimate
from ner.tagging.choice import Choice

Json = dict[str, Any]

_ANYTHING = TypeAdapter[Any](Any, config={"ser_json_inf_nan": "null"})


def entity_json(entity: Entity, text: str) -> Json:
    """One entity with its spelling."""
    return {
        "start": entity.start,
        "end": entity.end,
        "text": text[entity.start : entity.end],
        "label": entity.label,
        "score": round(entity.score, 6),
    }


def tagged_json(tagged: Tagged) -> Json:
    """What ``tag`` answers for one text, but for the provenance."""
    return {"text": tagged.text, "entities": _entities(tagged)}


def agreement_json(agreement: Agreement, origins: Sequence[Origin], timing: Timing | None) -> Json:
    """What ``compare`` answers, but for the provenance; ``timing`` is null where none was taken."""
    left, right = origins
    return {
        "text": agreement.text,
        "left": {**origin_json(left), "entities": _entities(agreement.left)},
        "right": {**origin_json(right), "entities": _entities(agreement.right)},
        "differences": differences_json(agreement),
        "identical": round(agreement.identical, 6),
        "timing": None if timing is None else _timing(timing),
    }


def differences_json(agreement: Agreement) -> list[Json]:
    """The pairs of entities that differ, in reading order."""
    text = agreement.text
    return [
        {
            "kind": pair.kind.value,
            "left": pair.left and entity_json(pair.left, text),
            "right": pair.right and entity_json(pair.right, text),
            "drift": None if pair.drift is None else round(pair.drift, 6),
        }
        for pair in agreement.differences
    ]


def origin_json(origin: Origin) -> Json:
    """Where a side comes from; of a file only its name is told, as the model.

    ``inference_precision`` is OpenVINO's word: ``precision`` alone is a score beside it.
    """
    return {
        "model": origin.model,
        "recipe": origin.recipe,
        "weights": origin.weights,
        "device": origin.device,
        "inference_precision": origin.precision,
    }


def _timing(timing: Timing) -> Json:
    """Both latencies and how many times faster the right side is, with its 95 % interval."""
    sides = {
        name: {
            "median_ms": round(latency.median_ms, 3),
            "p95_ms": round(latency.p95_ms, 3),
            "n": latency.n,
        }
        for name, latency in (("left", timing.left), ("right", timing.right))
    }
    return {**sides, "ratio": to_json(timing.ratio)}


def prepared_json(made: Sequence[Prepared]) -> Json:
    """What ``prepare`` answers of one model: its variants by recipe.

    Of each where its folder is, what it is, and how it did when it was made.
    """
    return {
        "model": made[0].manifest.name,
        "revision": made[0].manifest.revision,
        "variants": {
            prepared.manifest.recipe: {
                "path": str(prepared.folder),
                "bytes": prepared.size,
                "weights": prepared.fingerprint,
                "build": as_json(prepared.manifest.build),
                "gate": gate_json(prepared.manifest.gate),
            }
            for prepared in made
        },
    }


def gate_json(gate: Gate | None) -> Json | None:
    """A variant's F1 against the original on the gate texts, and what follows; None without."""
    return None if gate is None else {**as_json(gate), "answer": gate.answer.value}


def provenance_json(origins: Sequence[Origin], choice: Choice, *, gold: str | None = None) -> Json:
    """What a result is a result of: sides, choice, set, machine, versions and the time, in UTC.

    ``gold`` names the set that was scored on. Sides are ``left`` and ``right``, or the one alone.
    """
    machine = describe()
    return {
        "sides": [origin_json(origin) for origin in origins],
        "aggregation": choice.aggregation.value,
        "threshold": choice.threshold,
        "labels": None if choice.labels is None else list(choice.labels),
        "reading": choice.reading_name,
        "set": gold,
        "machine": machine.summary,
        "versions": machine.versions,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def provenance_rows(provenance: Json) -> list[tuple[str, str]]:
    """The same in words, for people: names and values; what says nothing is left out."""
    labels, loss = provenance["labels"], provenance.get("max_loss")
    rows = [
        *zip("AB", map(_side_in_words, provenance["sides"]), strict=False),
        ("Set", provenance["set"] or ""),
        ("Aggregation", provenance["aggregation"]),
        ("Reading", provenance["reading"]),
        ("Threshold", f"{provenance['threshold']:g}" if provenance["threshold"] else ""),
        ("Labels", "all" if labels is None else ", ".join(labels)),
        ("Accepted loss", f"{loss:g} points of F1" if loss else ""),
        ("Machine", provenance["machine"]),
        ("Date", provenance["date"]),
    ]
    return [(name, value) for name, value in rows if value]


def _side_in_words(side: Json) -> str:
    """A variant with its device and weights; of a file its name."""
    if side["recipe"] is None:
        return str(side["model"])
    hint, weights = side["inference_precision"], side["weights"]
    floats = hint and f"float parts in {hint.upper().replace('F32', 'FP32')}"
    details = [side["device"], floats, weights and f"weights {weights}"]
    return f"{side['model']}#{side['recipe']} ({', '.join(filter(None, details))})"


def estimate_of(data: Mapping[str, Any]) -> Estimate:
    """An estimate as it stands in JSON, where an unknown end is null."""
    high = data["high"]
    return Estimate(data["value"], data["low"] or 0.0, math.inf if high is None else high)


def to_json(value: object) -> Any:  # noqa: ANN401 - whatever JSON it is
    """A value as JSON: dataclasses by their fields, enums by their value, numbers to six decimals.

    JSON has no infinity: it becomes null. Raises ``ValueError`` for what has no JSON.

    >>> to_json(Estimate(0.12345678, 0.1, math.inf))
    {'value': 0.123457, 'low': 0.1, 'high': None}
    """
    written = _ANYTHING.dump_json(value)
    return json.loads(written, parse_float=lambda digits: round(float(digits), 6))


def _entities(tagged: Tagged) -> list[Json]:
    return [entity_json(entity, tagged.text) for entity in tagged.entities]
