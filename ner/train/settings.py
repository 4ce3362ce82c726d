"""What a training run is asked for, says on the way, and leaves. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path

from ner.errors import InputError

_PACKAGED_OVERLAY = 22_000


class Arch(StrEnum):
    """The two architectures that can be trained."""

    TRANSFORMER = "transformer"
    BILSTM = "bilstm"


@dataclass(frozen=True, slots=True)
class DataSource:
    """A folder of CoNLL files and what is taken from it.

    ``weight`` is the share of its training sentences that each epoch draws (2.0: each one twice).
    ``labels`` are the entity types that may be learnt from it; None means all that occur in its
    training file. Where a gold entity has another type, or where the model knows a type that this
    source doesn't annotate, the loss leaves that token or that class out.
    """

    folder: Path
    weight: float = 1.0
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise InputError(f"{self.folder}: weight {self.weight} is not a positive number.")

    @classmethod
    def parse(cls, text: str) -> DataSource:
        """Read ``DIR``, ``DIR:WEIGHT`` or ``DIR:WEIGHT:LABEL,LABEL``; ``InputError`` otherwise."""
        folder, _, rest = text.partition(":")
        weight, _, labels = rest.partition(":")
        try:
            number = float(weight or 1.0)
        except ValueError as error:
            raise InputError(
                f"--data {text!r}: {weight!r} is not a number; expected DIR, DIR:WEIGHT or "
                "DIR:WEIGHT:LABEL,LABEL, for example data/tweets:0.5:PER,ORG"
            ) from error
        return cls(Path(folder), number, tuple(labels.split(",")) if labels else None)

    def without_path(self) -> DataSource:
        """The same with the folder's own name only: it tells nothing about the machine."""
        return replace(self, folder=Path(self.folder.resolve().name))

    def __str__(self) -> str:
        spec = f"{self.folder.as_posix()}:{self.weight:g}"
        return f"{spec}:{','.join(self.labels)}" if self.labels else spec


@dataclass(frozen=True, slots=True)
class TextSource:
    """A file of unlabelled text, one sentence a line, and the share of it that an epoch draws."""

    file: Path
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise InputError(f"{self.file}: weight {self.weight} is not a positive number.")

    @classmethod
    def parse(cls, text: str) -> TextSource:
        """Read ``FILE`` or ``FILE:WEIGHT``; ``InputError`` otherwise."""
        file, _, weight = text.partition(":")
        try:
            return cls(Path(file), float(weight or 1.0))
        except ValueError as error:
            raise InputError(
                f"--unlabelled {text!r}: {weight!r} is not a number; expected FILE or "
                "FILE:WEIGHT, for example data/news.txt:0.5"
            ) from error

    @property
    def name(self) -> str:
        """The file's own name, without its ending."""
        return self.file.stem

    def without_path(self) -> TextSource:
        """The same with the file's own name only."""
        return replace(self, file=Path(self.file.name))

    def __str__(self) -> str:
        return f"{self.file.as_posix()}:{self.weight:g}"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One training run, whole: the same settings and data give the same run.

    ``base`` is a checkpoint folder or Hub name, None the encoder that comes as a package; a BiLSTM
    takes only tokenizer and word embeddings from it. ``fresh_learning_rate`` is that of the parts
    that start at random (classifier, LSTM). ``vocabulary_size`` lays a
    cased vocabulary of that many pieces over an uncased base; None keeps a named base's own, and
    means 22,000 for the packaged encoder, which is uncased.
    ``token_budget`` is the number of word pieces in a batch, padding included.
    ``fixed_length`` pads every text to the longest one instead, with as many texts in a batch as
    the budget would hold on average: the baseline that memory and speed are compared with.
    ``teachers`` label the texts in ``unlabelled`` and those of the first folder, see
    `ner.train.distil`; on the latter the gold counts too, by ``1 - distil_weight``. The other
    folders, whose conventions the teachers may not share, train on their gold alone. What the
    teachers said is kept in ``teacher_labels``, None: until the run is done.
    ``document_words``, if not 0, adds chunks of up to that many words: consecutive sentences where
    a folder has ``train.docs.txt``, else sentences in random order; of each source
    ``document_weight`` times its own share. ``case_share`` is the share of sentences and chunks
    that an epoch adds once more in lower case, and half as many in upper case. ``swap_share`` is
    the share of the first folder's sentences that it adds with other names of the same types, taken
    from all folders. ``average_decay`` is that
    of the moving average of the weights, which is what is evaluated and kept. ``patience`` counts
    evaluations without a better dev F1 until training stops early. ``score_test`` scores test
    files too, at the end; nothing is ever chosen on them.
    """

    data: tuple[DataSource, ...]
    out: Path
    arch: Arch = Arch.TRANSFORMER
    base: str | None = None
    vocabulary_size: int | None = None
    epochs: float = 5.0
    learning_rate: float = 1e-4
    embedding_learning_rate: float = 4e-4
    fresh_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    token_budget: int = 512
    fixed_length: bool = False
    teachers: tuple[Path, ...] = ()
    unlabelled: tuple[TextSource, ...] = ()
    distil_weight: float = 0.5
    teacher_labels: Path | None = None
    document_words: int = 0
    document_weight: float = 0.5
    case_share: float = 0.0
    swap_share: float = 0.0
    average_decay: float = 0.999
    evaluations_per_epoch: int = 1
    patience: int = 5
    score_test: bool = False
    seed: int = 13

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("No data was given; name at least one folder with --data.")
        if self.epochs <= 0 or self.token_budget <= 0 or self.evaluations_per_epoch <= 0:
            raise InputError("Epochs, token budget and evaluations per epoch must be positive.")
        if self.unlabelled and not self.teachers:
            raise InputError("Unlabelled text needs a --teacher that labels it.")
        if not 0 < self.distil_weight <= 1:
            raise InputError(f"--distil-weight {self.distil_weight} is not over 0 and up to 1.")

    @property
    def overlay_size(self) -> int | None:
        """The size of the cased vocabulary to lay over the base; None to keep the base's own."""
        if self.vocabulary_size is None and self.base is None:
            return _PACKAGED_OVERLAY
        return self.vocabulary_size

    def to_json(self) -> dict[str, object]:
        """Plain values that tell nothing about the machine: folders by their own names only."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        del plain["out"], plain["teacher_labels"]
        plain["base"] = Path(self.base).name if self.base else None
        plain["data"] = [str(source.without_path()) for source in self.data]
        plain["teachers"] = [teacher.resolve().name for teacher in self.teachers]
        plain["unlabelled"] = [str(source.without_path()) for source in self.unlabelled]
        return plain


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of progress; ``f1`` (a fraction, of the first folder's dev set) after evaluations.

    ``loss`` is the mean per word piece since the last report. While ``labelling``, steps are texts
    that the teachers have read.
    """

    step: int
    steps: int
    seconds: float
    loss: float | None = None
    f1: float | None = None
    labelling: bool = False


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where the checkpoint lies and how it scores.

    ``dev`` and ``test`` hold, for each folder name that has such a file, token-level precision,
    recall and F1 as fractions. ``best_step`` is the optimizer step that the checkpoint is from.
    """

    folder: Path
    labels: tuple[str, ...]
    best_step: int
    dev: Mapping[str, Mapping[str, float]]
    test: Mapping[str, Mapping[str, float]]
