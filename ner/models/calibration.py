"""The texts that a model's variants are calibrated and checked on: the project's, or one's own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ner.errors import InputError, PrepareFailed
from ner.models.catalogue import ModelSpec, assets, catalogue

# Fewer texts are too few to calibrate on or to check with.
FEWEST = 30
_MOST_BYTES = 20_000_000
FLOOR = 0.95


@dataclass(frozen=True)
class Texts:
    """Calibration and gate texts of a model.

    ``fits`` says whether they are of what the model was made for: one's own texts, or those that
    the catalogue names. ``floor`` is the least F1 against the original on the gate texts.
    """

    calibration: tuple[str, ...]
    gate: tuple[str, ...]
    fits: bool = True
    floor: float = FLOOR

    @property
    def sha256(self) -> str:
        """The SHA-256 of all of it, in hexadecimal."""
        canonical = json.dumps([self.calibration, self.gate, self.fits, self.floor])
        return hashlib.sha256(canonical.encode()).hexdigest()


def calibration_file(spec: ModelSpec) -> Path:
    """The texts that quantization is calibrated on, one a line."""
    return assets() / "texts" / f"{spec.texts}-calibration.txt"


def gate_file(spec: ModelSpec) -> Path:
    """The texts that INT8 is checked on, one a line; none of them is a calibration text."""
    return assets() / "texts" / f"{spec.texts}-gate.txt"


def read_texts(file: Path) -> list[str]:
    """The texts of a file under ``assets/texts``: one a line, # begins a comment line."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line.strip() and not line.startswith("#")]


def texts_of(spec: ModelSpec, own: Path) -> Texts:
    """The texts for ``spec``: those kept in the folder ``own``, else the project's."""
    kept = own / "texts.json"
    if kept.is_file():
        data = json.loads(kept.read_text(encoding="utf-8"))
        return Texts(tuple(data["calibration"]), tuple(data["gate"]), True, data["floor"])
    calibration, gate = (tuple(read_texts(file(spec))) for file in (calibration_file, gate_file))
    return Texts(calibration, gate, fits=spec in catalogue())


def keep_texts(texts: Texts, own: Path) -> None:
    """Keep one's own texts for a model in the folder ``own``, from where they are used from now."""
    data = {"calibration": texts.calibration, "gate": texts.gate, "floor": texts.floor}
    try:
        own.mkdir(parents=True, exist_ok=True)
        part = own / "texts.json.part"
        part.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        part.replace(own / "texts.json")
    except OSError as error:
        raise PrepareFailed(f"The texts can't be kept: {error.strerror}.") from error


def own_texts(
    texts: Texts,
    calibration: Path | None,
    gate: Path | None,
    floor: float | None = None,
) -> Texts:
    """``texts`` with those of one's own files in their place; what is None stays.

    A text given for both counts for calibration alone. Raises ``InputError`` for a file that is
    empty, has under ``FEWEST`` texts or is not text, and for a floor out of (0, 1].
    """
    if floor is not None and not 0 < floor <= 1:
        raise InputError(
            f"The least agreement is {floor}; expected a fraction over 0 and up to 1, such as 0.95."
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
    fits = texts.fits or gate is not None
    return Texts(calibrating, apart, fits, texts.floor if floor is None else floor)


def read_own(file: Path) -> tuple[str, ...]:
    """The texts of a file of one's own, one a line, empty lines left out.

    Raises ``InputError`` where it can't be used.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(
                f"{file.name} is over {_MOST_BYTES // 1_000_000} MB; a few hundred lines do."
            )
        content = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file.name} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file.name} is not text in UTF-8. Expected one text a line.") from error
    if "\0" in content:
        raise InputError(f"{file.name} is not text. Expected one text a line, in UTF-8.")
    lines = tuple(line.strip() for line in content.splitlines())
    texts = tuple(line for line in lines if any(map(str.isalnum, line)))
    if len(texts) < FEWEST:
        raise InputError(
            f"{file.name} has {len(texts)} texts; expected at least {FEWEST}, one a line, better "
            "300."
        )
    return texts
