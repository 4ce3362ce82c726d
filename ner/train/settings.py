"""The settings of a training run. Imports no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

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
        # The colon after a drive's letter parts nothing.
        form = re.compile(r"((?:[A-Za-z]:[\\/])?[^:]*):?([^:]*):?(.*)", re.DOTALL)
        path, weight, labels = form.findall(text)[0]
        try:
            number = float(weight or 1)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise InputError(
                f"{text!r}: {weight!r} is not a positive number; expected PATH, PATH:WEIGHT or "
                "PATH:WEIGHT:LABEL,LABEL, for example data/tweets:0.5:PER,ORG"
            )
        return cls(Path(path), number, tuple(labels.split(",")) if labels else None)

    @property
    def name(self) -> str:
        """The name of the folder, or of the file without its ending."""
        return self.path.resolve().name.removesuffix(".txt")

    def without_place(self) -> Source:
        """The same with the last part of the path only, which tells nothing about the machine."""
        return replace(self, path=Path(self.path.resolve().name))

    def __str__(self) -> str:
        spec = f"{self.path.as_posix()}:{self.weight:g}"
        return f"{spec}:{','.join(self.labels)}" if self.labels else spec


@dataclass(frozen=True)
class TrainSettings:
    """All settings of one training run: the same settings and data give the same run.

    ``python -m ner train`` makes its options of their names, types, explanations and defaults. A
    BiLSTM takes only tokenizer and word embeddings from ``base``. Only the first folder's sentences
    and the unlabelled files are learnt from the ``teacher``, whose conventions other folders may
    not share.
    """

    data: Annotated[
        tuple[Source, ...],
        "A folder with train.txt and dev.txt: DIR, DIR:WEIGHT or DIR:WEIGHT:PER,LOC. "
        "Repeat it to mix; the first one's dev set chooses the checkpoint.",
    ]
    out: Annotated[Path, "The checkpoint folder to write."]
    arch: Annotated[Arch, "What to train."] = Arch.TRANSFORMER
    base: Annotated[str, "The model to start from: bundled, a checkpoint folder, a Hub name."] = (
        "bundled"
    )
    label_map: Annotated[str, "Other names for the labels: person=PER,GPE=LOC,DATE="] = ""
    epochs: Annotated[float, "Passes over the data, each by its weight."] = 5.0
    learning_rate: Annotated[float, "The highest learning rate of the encoder."] = 1e-4
    embedding_learning_rate: Annotated[float, "The same for the word embeddings."] = 4e-4
    fresh_learning_rate: Annotated[float, "The same for new parts: classifier, LSTM."] = 1e-3
    warmup: Annotated[float, "Share of the steps in which the rates rise."] = 0.1
    token_budget: Annotated[int, "Word pieces in a batch, padding included."] = 512
    teacher: Annotated[
        Path | None,
        "A checkpoint to learn from: it labels the unlabelled texts and those of the first folder.",
    ] = None
    teacher_labels: Annotated[
        Path | None, "The folder of the teacher's labels: written with --teacher, read without."
    ] = None
    unlabelled: Annotated[
        tuple[Source, ...],
        "A text file for the teacher, one sentence a line: FILE or FILE:WEIGHT. Repeat it to mix.",
    ] = ()
    distil_weight: Annotated[float, "The teacher's share of the loss where there is gold too."] = (
        0.5
    )
    document_words: Annotated[
        int,
        "Also train on chunks of up to so many words: consecutive sentences where a "
        "folder has train.docs.txt, else random ones; 0: none.",
    ] = 0
    document_weight: Annotated[
        float, "Share of the chunks that an epoch draws, times their source's weight."
    ] = 0.5
    case_share: Annotated[
        float, "Share of texts added in lower case, and half as many in upper case."
    ] = 0.0
    average_decay: Annotated[
        float, "Decay of the moving average of the weights, which is kept."
    ] = 0.999
    evaluations_per_epoch: Annotated[int, "How often the dev set is scored."] = 1
    patience: Annotated[int, "Stop after so many evaluations without a better dev F1."] = 5
    seed: Annotated[int, "The same seed gives the same run."] = 13

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
