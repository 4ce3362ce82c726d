"""What a training run is asked for, says on the way, and leaves. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

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
        """Read ``DIR``, ``DIR:WEIGHT`` or ``DIR:WEIGHT:LABEL,LABEL``; ``InputError`` otherwise.

        >>> source = DataSource.parse("tweets:0.5:PER,ORG")
        >>> source.weight, source.labels
        (0.5, ('PER', 'ORG'))
        """
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

    def strip_path(self) -> DataSource:
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

    def strip_path(self) -> TextSource:
        """The same with the file's own name only."""
        return replace(self, file=Path(self.file.name))

    def __str__(self) -> str:
        return f"{self.file.as_posix()}:{self.weight:g}"


@dataclass(frozen=True, slots=True)
class Option:
    """What the command line tells of a setting.

    ``flag`` is its name there, where that isn't the field's own. ``parse`` reads what was given.
    """

    help: str
    flag: str | None = None
    parse: Callable[[str], object] | None = None


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One training run, whole: the same settings and data give the same run.

    The command line's options are made of these fields, their types, defaults and `Option`. Beyond
    what the options tell: a BiLSTM takes only tokenizer and word embeddings from ``base``.
    ``vocabulary_size`` None keeps a named base's own vocabulary, and means 22,000 for the packaged
    encoder, which is uncased. ``fixed_length`` puts as many texts into a batch as the budget would
    hold on average: the baseline that memory and speed are compared with. Folders after the first,
    whose conventions the ``teachers`` may not share, are learnt from gold alone. Nothing is ever
    chosen on test files.
    """

    data: Annotated[
        tuple[DataSource, ...],
        Option(
            "A folder with train.txt and dev.txt: DIR, DIR:WEIGHT or DIR:WEIGHT:PER,LOC. Repeat it "
            "to mix; the first one's dev set chooses the checkpoint.",
            parse=DataSource.parse,
        ),
    ]
    out: Annotated[Path, Option("The checkpoint folder to write.")]
    arch: Annotated[Arch, Option("What to train.")] = Arch.TRANSFORMER
    base: Annotated[
        str | None, Option("The checkpoint folder or Hub name to start from; default: MiniLM.")
    ] = None
    vocabulary_size: Annotated[
        int | None, Option("Lay a cased vocabulary of this size over an uncased base.")
    ] = None
    epochs: Annotated[float, Option("Passes over the data, each by its weight.")] = 5.0
    learning_rate: Annotated[float, Option("The highest rate, of the encoder.")] = 1e-4
    embedding_learning_rate: Annotated[float, Option("That of the word embeddings.")] = 4e-4
    fresh_learning_rate: Annotated[
        float, Option("That of the parts that start at random: classifier, LSTM.")
    ] = 1e-3
    weight_decay: Annotated[float, Option("AdamW's, on matrices.")] = 0.01
    warmup: Annotated[float, Option("Share of the steps in which the rates rise.")] = 0.1
    token_budget: Annotated[int, Option("Word pieces in a batch, padding included.")] = 512
    fixed_length: Annotated[bool, Option("Pad all texts to the longest: to compare with.")] = False
    teachers: Annotated[
        tuple[Path, ...],
        Option(
            "A checkpoint to learn from: it labels the unlabelled texts and those of the first "
            "folder. Repeat it to average several.",
            flag="teacher",
        ),
    ] = ()
    unlabelled: Annotated[
        tuple[TextSource, ...],
        Option(
            "A text file for the teacher, one sentence a line: FILE or FILE:WEIGHT. Repeat it to "
            "mix.",
            parse=TextSource.parse,
        ),
    ] = ()
    distil_weight: Annotated[
        float, Option("The teacher's share of the loss where there is gold too.")
    ] = 0.5
    teacher_labels: Annotated[
        Path | None,
        Option(
            "A folder that keeps the teacher's labels, for other runs on the same texts; without "
            "--teacher the labels there are learnt."
        ),
    ] = None
    document_words: Annotated[
        int,
        Option(
            "Also train on chunks of up to so many words: consecutive sentences where a folder has "
            "train.docs.txt, else random ones; 0: none."
        ),
    ] = 0
    document_weight: Annotated[
        float, Option("Share of the chunks that an epoch draws, times their source's weight.")
    ] = 0.5
    case_share: Annotated[
        float, Option("Share of texts added in lower case, and half as many in upper case.")
    ] = 0.0
    swap_share: Annotated[
        float,
        Option("Share of the first folder's sentences added with other names of the same types."),
    ] = 0.0
    average_decay: Annotated[
        float, Option("Of the moving average of the weights, which is what is kept.")
    ] = 0.999
    evaluations_per_epoch: Annotated[int, Option("How often the dev set is scored.")] = 1
    patience: Annotated[int, Option("Stop after so many evaluations without a better dev F1.")] = 5
    score_test: Annotated[bool, Option("Score test files too, once, at the end.")] = False
    seed: Annotated[int, Option("The same seed gives the same run.")] = 13

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("No data was given; name at least one folder with --data.")
        if self.epochs <= 0 or self.token_budget <= 0 or self.evaluations_per_epoch <= 0:
            raise InputError("Epochs, token budget and evaluations per epoch must be positive.")
        if self.unlabelled and not self.taught:
            raise InputError("Unlabelled text needs a --teacher or its --teacher-labels.")
        if not 0 < self.distil_weight <= 1:
            raise InputError(f"--distil-weight {self.distil_weight} is not over 0 and up to 1.")

    @classmethod
    def options(cls) -> dict[str, Option]:
        """What the command line tells of each field."""
        hints = get_type_hints(cls, include_extras=True)
        return {field.name: hints[field.name].__metadata__[0] for field in fields(cls)}

    @property
    def taught(self) -> bool:
        """Whether the run learns from a teacher, or from the labels that one left."""
        return bool(self.teachers or self.teacher_labels)

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
        plain["data"] = [str(source.strip_path()) for source in self.data]
        plain["teachers"] = [teacher.resolve().name for teacher in self.teachers]
        plain["unlabelled"] = [str(source.strip_path()) for source in self.unlabelled]
        return plain


@dataclass(frozen=True, slots=True)
class TrainProgress:
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


def command_of(settings: Mapping[str, Any], out: str) -> str:
    """The command line that repeats a run; options at their default are left out."""
    options = TrainSettings.options()
    words = ["python -m ner train"]
    for field in fields(TrainSettings):
        value = settings.get(field.name, field.default)
        if value == field.default:
            continue
        folder = "data/" if field.name in ("data", "unlabelled") else ""
        flag = f"--{options[field.name].flag or field.name.replace('_', '-')}"
        values = value if isinstance(value, list) else [value]
        words += [flag if item is True else f"{flag} {folder}{item}" for item in values]
    return " \\\n    ".join([*words, f"--out {out}"])
