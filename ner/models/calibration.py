"""The texts that a model's variants are calibrated and checked on: the project's, or one's own."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ner.errors import InputError
from ner.io import read_lines
from ner.models.catalogue import ModelSpec, assets, catalogue
from ner.verdict import MIN_AGREEMENT

# Fewer texts are too few to calibrate on or to check with.
FEWEST = 30
_MOST_BYTES = 20_000_000
# Words of another domain in a text from which on a model for it is pointed out.
_DOMAIN_WORDS = 3


@dataclass(frozen=True)
class Texts:
    """Calibration and gate texts of a model.

    ``in_domain`` says whether they are of what the model was made for: one's own texts, or
    those that the catalogue names. ``min_agreement`` is the least F1 against the original on the
    gate texts.
    """

    calibration: tuple[str, ...]
    gate: tuple[str, ...]
    in_domain: bool = True
    min_agreement: float = MIN_AGREEMENT

    @property
    def sha256(self) -> str:
        """The SHA-256 of all of it, in hexadecimal."""
        canonical = json.dumps([self.calibration, self.gate, self.in_domain, self.min_agreement])
        return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def project_texts(name: str, use: Literal["calibration", "gate"]) -> tuple[str, ...]:
    """The project's texts of a set, such as ``general``: to calibrate on, or to check INT8 on.

    No text is among both. In the file there is one a line; # begins a comment line.
    """
    file = assets() / "texts" / f"{name}-{use}.txt"
    lines = file.read_text(encoding="utf-8").split("\n")
    return tuple(line for line in lines if line.strip() and not line.startswith("#"))


def own_texts(
    texts: Texts,
    calibration: Path | None,
    gate: Path | None,
    min_agreement: float | None = None,
) -> Texts:
    """``texts`` with those of one's own files in their place; what is None stays.

    A text given for both counts for calibration alone. Raises ``InputError`` for a file that is
    empty, has under ``FEWEST`` texts or is not text, and for a ``min_agreement`` out of (0, 1].
    """
    if min_agreement is None:
        min_agreement = texts.min_agreement
    if not 0 < min_agreement <= 1:
        raise InputError(
            f"--min-agreement must be over 0 and at most 1, for example 0.95; got {min_agreement}."
        )
    calibrating = texts.calibration if calibration is None else read_own(calibration)
    checking = texts.gate if gate is None else read_own(gate)
    seen = set(calibrating)
    apart = tuple(text for text in checking if text not in seen)
    if len(apart) < FEWEST:
        raise InputError(
            f"Of the gate texts only {len(apart)} are not calibration texts too; expected at least "
            f"{FEWEST} that calibration has not seen."
        )
    return Texts(calibrating, apart, texts.in_domain or gate is not None, min_agreement)


def read_own(file: Path) -> tuple[str, ...]:
    """The texts of a file of one's own, one a line, empty lines left out.

    Raises ``InputError`` where it can't be used.
    """
    if file.is_file() and file.stat().st_size > _MOST_BYTES:
        raise InputError(
            f"{file.name} is over {_MOST_BYTES // 1_000_000} MB; a few hundred lines do."
        )
    lines = [line.strip() for line in read_lines(file)]
    texts = tuple(line for line in lines if any(map(str.isalnum, line)))
    if len(texts) < FEWEST:
        raise InputError(
            f"{file.name} has {len(texts)} texts; expected at least {FEWEST}, one a line, better "
            "300."
        )
    return texts


def model_for(text: str, spec: ModelSpec) -> str | None:
    """The title of a model for texts like this one, where ``spec`` is made for others."""
    words = set(re.findall(r"[a-z]{5,}", text.lower()))
    for other in catalogue():
        if other.folder is None or other.texts == spec.texts:
            continue
        own, others = _words(spec.texts), _words(other.texts)
        theirs = len(words & others - own)
        if theirs >= _DOMAIN_WORDS and theirs > len(words & own - others):
            return other.title
    return None


@cache
def _words(texts: str) -> frozenset[str]:
    """The longer words of a set of calibration and gate texts."""
    lines = [*project_texts(texts, "calibration"), *project_texts(texts, "gate")]
    return frozenset(re.findall(r"[a-z]{5,}", " ".join(lines).lower()))
