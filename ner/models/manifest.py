"""What a prepared folder says of itself, and the gate that its variant went through."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ner.entities import Entity, Tagged
from ner.models.build import Build
from ner.models.texts import FLOOR
from ner.tagging.segments import Reading

# The manifest's key for the SHA-256 of all its other keys, as they are written.
_CHECKSUM = "manifest_sha256"


@dataclass(frozen=True)
class Gate:
    """A variant's entities scored against the original's on the model's gate texts.

    ``entities`` is how many the original found; under ``ENOUGH`` of them nothing is decided.
    ``floor`` is the least ``f1`` to be served; ``fits`` is False where the texts are general ones
    and the model's domain is not known.
    """

    f1: float
    entities: int
    floor: float = FLOOR
    fits: bool = True

    ENOUGH = 200

    @property
    def established(self) -> bool:
        """Whether there were entities enough to decide."""
        return self.entities >= self.ENOUGH

    @property
    def passed(self) -> bool:
        """Whether the variant may be served: not established, or at or over the floor."""
        return not self.established or self.f1 >= self.floor

    @property
    def summary(self) -> str:
        """How it went, in words: '97.9 % agreement on 510 entities (95 % needed)'."""
        score = f"{100 * self.f1:.1f} % agreement on {self.entities:,} entities"
        if not self.established:
            said = f"{score}: not established, under {self.ENOUGH} entities"
        else:
            said = f"{score} ({100 * self.floor:g} % needed)"
            said = said if self.passed else f"{said}: not passed, not served"
        return said if self.fits else f"{said}; on general English, not this model's own texts"

    def refusal(self, title: str) -> str | None:
        """Why the variant called ``title`` is not served, in words; None where it may be."""
        if self.passed:
            return None
        own = (
            ""
            if self.fits
            else (
                " Those are general English texts; give the model's own with prepare --calibration "
                "and --gate."
            )
        )
        return (
            f"{title} of this model is not served: on its check texts it agrees with the original "
            f"to {100 * self.f1:.1f} % (F1, {self.entities:,} entities); {100 * self.floor:g} % is "
            f"needed.{own} The original serves alone."
        )


@dataclass(frozen=True)
class Manifest:
    """What a prepared folder says of itself.

    ``recipe`` is the name of the recipe that it was made for. ``files`` maps each file's name to
    the SHA-256 of its bytes; ``revision`` is the commit of a Hub model; ``made_from`` is the
    fingerprint of the original that a variant was made from. ``golden`` is what the variant found
    in a few gate texts where it was made, to be found again wherever it is served; ``reading`` is
    how it reads long texts. The original has no gate and no golden texts.
    """

    name: str
    recipe: str
    build: Build
    revision: str | None
    labels: tuple[str, ...]
    files: Mapping[str, str]
    made_from: str | None = None
    gate: Gate | None = None
    golden: tuple[Tagged, ...] = ()
    reading: Reading = field(default_factory=Reading)

    @property
    def fingerprint(self) -> str:
        """A short name for the bytes of the files: what the same build made at another time."""
        files = json.dumps(dict(self.files), sort_keys=True)
        return hashlib.sha256(files.encode()).hexdigest()[:12]

    def dump(self) -> str:
        """As JSON text, with a checksum of itself."""
        data = {**asdict(self), "build": self.build.as_json()}
        return _json({**data, _CHECKSUM: _checksum(data)})

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """From JSON text; ``ValueError`` if it is not one of this format, unchanged."""
        try:
            data: dict[str, Any] = json.loads(text)
            data.pop(_CHECKSUM)
            gate = data["gate"]
            found = cls(
                **{
                    **data,
                    "build": Build.parse(data["build"]),
                    "labels": tuple(data["labels"]),
                    "gate": None if gate is None else Gate(**gate),
                    "golden": tuple(
                        Tagged(one["text"], tuple(Entity(**entity) for entity in one["entities"]))
                        for one in data["golden"]
                    ),
                    "reading": Reading(**data["reading"]),
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a manifest of this format") from error
        if found.dump() != text:
            raise ValueError("the manifest was changed")
        return found


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def _checksum(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json(data).encode()).hexdigest()
