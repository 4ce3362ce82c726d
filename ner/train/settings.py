"""The settings of a training run, its progress and its result. Imports no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ner.errors import InputError
from ner.tags import parse_map


class Arch(StrEnum):
    """The two architectures that can be trained."""

    TRANSFORMER = "transformer"
    BILSTM = "bilstm"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of CoNLL files, or a file of unlabelled text, and how much of it is learnt.

    ``weight`` is the share of its texts that each epoch draws (2.0: each one twice). ``labels`` are
    the entity types to learn from a folder; None means all that its training file has. The loss
    leaves out tokens of other types, and types of the model that the folder does not annotate.
    """

    path: Path
    weight: float = 1.0
    labels: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read ``PATH``, ``PATH:WEIGHT`` or ``PATH:WEIGHT:LABEL,LABEL``; ``InputError`` otherwise.

        >>> Source.parse("tweets:0.5:PER,ORG").labels
        ('PER', 'ORG')
        """
        drive = re.match(r"(?:[A-Za-z]:[\\/])?", text)
        length = drive.end() if drive else 0
        path, _, rest = text[length:].partition(":")
        weight, _, labels = rest.partition(":")
        try:
            number = float(weight or 1)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise InputError(
                f"{text!r}: {weight!r} is not a positive number; expected PATH, PATH:WEIGHT or "
                "PATH:WEIGHT:LABEL,LABEL, for example data/tweets:0.5:PER,ORG"
            )
        chosen = tuple(labels.split(",")) if labels else None
        return cls(Path(text[:length] + path), number, chosen)

    @property
    def name(self) -> str:
        """The name of the folder, or of the file without its ending."""
        return self.path.resolve().stem if self.path.suffix == ".txt" else self.path.resolve().name

    def without_place(self) -> Source:
        """The same with the last part of the path only, which tells nothing about the machine."""
        return replace(self, path=Path(self.path.resolve().name))

    def __str__(self) -> str:
        spec = f"{self.path.as_posix()}:{self.weight:g}"
        return f"{spec}:{','.join(self.labels)}" if self.labels else spec


@dataclass(frozen=True)
class TrainSettings:
    """All settings of one training run: the same settings and data give the same run.

    The options of ``python -m ner train`` have these names and defaults, and explain them. A BiLSTM
    takes only tokenizer and word embeddings from ``base``. Only the first folder's sentences and
    the unlabelled files are learnt from the ``teacher``, whose conventions other folders may not
    share.
    """

    data: tuple[Source, ...]
    out: Path
    arch: Arch = Arch.TRANSFORMER
    base: str = "bundled"
    label_map: str = ""
    epochs: float = 5.0
    learning_rate: float = 1e-4
    embedding_learning_rate: float = 4e-4
    fresh_learning_rate: float = 1e-3
    warmup: float = 0.1
    token_budget: int = 512
    teacher: Path | None = None
    teacher_labels: Path | None = None
    unlabelled: tuple[Source, ...] = ()
    distil_weight: float = 0.5
    document_words: int = 0
    document_weight: float = 0.5
    case_share: float = 0.0
    average_decay: float = 0.999
    evaluations_per_epoch: int = 1
    patience: int = 5
    seed: int = 13

    def __post_init__(self) -> None:
        parse_map(self.label_map)
        if not self.data:
            raise InputError("No data was given; name at least one folder with --data.")
        if self.epochs <= 0 or self.token_budget <= 0 or self.evaluations_per_epoch <= 0:
            raise InputError("Epochs, token budget and evaluations per epoch must be positive.")
        if self.unlabelled and not self.taught:
            raise InputError("Unlabelled text needs a --teacher or its --teacher-labels.")
        if not 0 < self.distil_weight <= 1:
            raise InputError(
                f"--distil-weight must be over 0 and at most 1; got {self.distil_weight}."
            )

    @property
    def taught(self) -> bool:
        """Whether the run learns from a teacher, or from the labels that a teacher gave."""
        return self.teacher is not None or self.teacher_labels is not None

    def to_json(self) -> dict[str, Any]:
        """Plain values; of folders and files only the last part of the path."""
        plain: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("data", "unlabelled"):
                value = [str(source.without_place()) for source in value]
            elif isinstance(value, Path):
                value = value.resolve().name
            plain[field.name] = value
        plain["base"] = Path(self.base).name
        return plain


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """One line of progress.

    ``loss`` is the mean per word piece since the last report. ``f1`` is a fraction on the first
    folder's dev set. While ``labelling``, steps are texts that the teacher has read.
    """

    step: int
    steps: int
    seconds: float
    loss: float | None = None
    f1: float | None = None
    labelling: bool = False


def command_of(settings: Mapping[str, Any], out: str) -> str:
    """The command line that repeats a run; options at their default are left out."""
    words = ["python -m ner train"]
    for field in fields(TrainSettings):
        value = settings.get(field.name, field.default)
        if field.name == "out" or value in (field.default, None, []):
            continue
        folder = "data/" if field.name in ("data", "unlabelled") else ""
        flag = f"--{field.name.replace('_', '-')}"
        words += [f"{flag} {folder}{item}" for item in (value if folder else [value])]
    return " \\\n    ".join([*words, f"--out {out}"])
