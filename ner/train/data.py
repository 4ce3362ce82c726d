"""CoNLL folders -> examples of word pieces with labels, ready for batching."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from ner.entities import Annotated, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.conll import read_conll, read_conll_documents
from ner.files.encoding import read_lines
from ner.train.settings import DataSource, TextSource, TrainSettings

IGNORED = -100  # what torch's cross entropy skips by default
_TOKENIZED_TOGETHER = 1000  # texts; what the tokenizer gives back is large


@dataclass(frozen=True, slots=True)
class Text:
    """A text to train on.

    ``originals`` are the texts, as they were written, of which it was made: joined by a space and
    perhaps put into another case. Teachers label those. Empty where they aren't asked.
    """

    sentence: Annotated
    originals: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        """How many words it has; gold tokens are parted by spaces too."""
        return len(self.sentence.tagged.text.split())


@dataclass(frozen=True, slots=True)
class Example:
    """One text as the model meets it.

    ``piece_ids`` and ``labels`` have one entry for each word piece, special ones included, whose
    label is ``IGNORED``. ``first_pieces`` gives for each gold token the index of its first piece,
    or -1 if it has none (cut off, or invisible). ``allowed`` has one entry for each tag: False
    where the source doesn't annotate that class. ``soft`` says for each piece which of the
    teachers' distributions it learns, see `ner.train.distil`; None: of none.
    """

    piece_ids: tuple[int, ...]
    labels: tuple[int, ...]
    first_pieces: tuple[int, ...]
    tags: tuple[str, ...]
    allowed: tuple[bool, ...]
    soft: NDArray[np.int32] | None = None


class Aligner(Protocol):
    """What tells which distribution each piece learns: `ner.train.distil.SoftLabels`."""

    def align(
        self, originals: Sequence[str], offsets: Sequence[tuple[int, int]]
    ) -> NDArray[np.int32]:
        """One number for each piece."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Examples of which each epoch draws the share ``weight``."""

    name: str
    weight: float
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One folder, read: its sentences, and its training documents where it tells them."""

    source: DataSource
    train: tuple[Annotated, ...]
    documents: tuple[tuple[Annotated, ...], ...]
    dev: tuple[Annotated, ...]
    test: tuple[Annotated, ...]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.source.folder.resolve().name

    @property
    def labels(self) -> frozenset[str]:
        """The entity types that are learnt from here."""
        return frozenset(self.source.labels or types_in(self.train))


def split_file(folder: Path, split: str) -> Path | None:
    """The file of ``split`` (train, dev, test) in ``folder``; None if there is none."""
    candidates = (folder / f"{split}{suffix}" for suffix in (".txt", ".conll"))
    return next((path for path in candidates if path.is_file()), None)


def types_in(sentences: Iterable[Annotated]) -> set[str]:
    """The entity types that occur."""
    return {entity.label for sentence in sentences for entity in sentence.tagged.entities}


def read_corpus(source: DataSource) -> Corpus:
    """Read a folder; ``FileFormatError`` or ``InputError`` if it can't be trained on."""
    train_file = split_file(source.folder, "train")
    if train_file is None:
        raise InputError(
            f"{source.folder} has no train.txt; expected a folder with train.txt and dev.txt in "
            "CoNLL format (token, tab, tag; a blank line after each sentence)."
        )
    splits = {split: _read_split(source.folder, split) for split in ("train", "dev", "test")}
    if not splits["train"]:
        raise FileFormatError(train_file, None, "holds no sentence to train on.")
    absent = set(source.labels or ()) - types_in(splits["train"])
    if absent:
        raise FileFormatError(
            train_file, None, f"has no entity of type {', '.join(sorted(absent))}."
        )
    documents_file = source.folder / "train.docs.txt"
    documents = read_conll_documents(documents_file) if documents_file.is_file() else []
    return Corpus(source, documents=tuple(map(tuple, documents)), **splits)


def _read_split(folder: Path, split: str) -> tuple[Annotated, ...]:
    path = split_file(folder, split)
    return () if path is None else tuple(read_conll(path))


def read_corpora(settings: TrainSettings) -> tuple[Corpus, ...]:
    """All folders, checked against each other.

    The first folder's dev set decides, so it must be there, and may hold no type that no training
    file has.
    """
    corpora = tuple(map(read_corpus, settings.data))
    first = corpora[0]
    if not first.dev:
        raise InputError(
            f"{first.source.folder} has no dev.txt with sentences; the first folder's dev set "
            "decides which checkpoint is kept."
        )
    known = entity_types(corpora)
    if not known:
        raise InputError("No training file holds an entity, so there is nothing to learn.")
    unknown = types_in(first.dev) - set(known)
    if unknown:
        raise FileFormatError(
            split_file(first.source.folder, "dev") or first.source.folder,
            None,
            f"has the types {', '.join(sorted(unknown))}, which no training file has; "
            f"known are {', '.join(known)}.",
        )
    return corpora


def read_texts(source: TextSource) -> tuple[Annotated, ...]:
    """The lines of an unlabelled file, without tokens; ``FileFormatError`` if there is no text."""
    lines = (line.strip() for line in read_lines(source.file))
    texts = tuple(Annotated(Tagged(line), ()) for line in lines if line)
    if not texts:
        raise FileFormatError(source.file, None, "holds no text; expected one sentence a line.")
    return texts


def entity_types(corpora: Iterable[Corpus]) -> tuple[str, ...]:
    """The types to be learnt, in alphabetical order."""
    return tuple(sorted(set().union(*(corpus.labels for corpus in corpora))))


def tag_names(types: Iterable[str]) -> tuple[str, ...]:
    """The model's outputs: O, then B- and I- of each type.

    >>> tag_names(("LOC", "PER"))
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    return ("O", *(f"{prefix}-{label}" for label in types for prefix in ("B", "I")))


class Encoder:
    """Turns annotated sentences into examples for one tokenizer and one set of tags."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, tags: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._ids = {tag: index for index, tag in enumerate(tags)}
        self._interned: dict[int, int] = {}
        self._max_pieces = min(tokenizer.model_max_length, 512)

    def __call__(
        self, sentences: Sequence[Annotated], learnt: frozenset[str]
    ) -> tuple[Example, ...]:
        """Encode gold; of the types only ``learnt`` enter the loss."""
        return self.encode([Text(sentence) for sentence in sentences], learnt, None)

    def encode(
        self, texts: Sequence[Text], learnt: frozenset[str], teachers: Aligner | None
    ) -> tuple[Example, ...]:
        """The same for texts of which ``teachers`` may know something."""
        return tuple(
            example
            for begin in range(0, len(texts), _TOKENIZED_TOGETHER)
            for example in self._block(texts[begin : begin + _TOKENIZED_TOGETHER], learnt, teachers)
        )

    def _block(
        self, texts: Sequence[Text], learnt: frozenset[str], teachers: Aligner | None
    ) -> Iterator[Example]:
        encoded = self._tokenizer(
            [text.sentence.tagged.text for text in texts],
            truncation=True,
            max_length=self._max_pieces,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        allowed = tuple(tag == "O" or tag[2:] in learnt for tag in self._ids)
        for text, piece_ids, offsets in zip(
            texts, encoded["input_ids"], encoded["offset_mapping"], strict=True
        ):
            example = self._example(text.sentence, piece_ids, offsets, allowed)
            if teachers and text.originals:
                example = replace(example, soft=teachers.align(text.originals, offsets))
            yield example

    def _example(
        self,
        sentence: Annotated,
        piece_ids: Sequence[int],
        offsets: Sequence[tuple[int, int]],
        allowed: tuple[bool, ...],
    ) -> Example:
        """Label the pieces: B- on the first of an entity, I- on all others, whatever their word.

        So every word of a gold token carries its label ('U', '.', 'S', '.'), and the served spans
        lose no dots and hyphens.
        """
        tags = sentence.tags
        labels = [IGNORED] * len(piece_ids)
        if not tags:
            return Example(self._shared(piece_ids), tuple(labels), (), (), allowed)
        first_pieces = [-1] * len(tags)
        token = 0
        for index, (start, end) in enumerate(offsets):
            if start == end:
                continue  # [CLS], [SEP]
            while sentence.token_offsets[token][1] <= start:
                token += 1
            tag = tags[token]
            if first_pieces[token] < 0:
                first_pieces[token] = index
            elif tag != "O":
                tag = f"I{tag[1:]}"
            label = self._ids.get(tag, IGNORED)
            labels[index] = label if label == IGNORED or allowed[label] else IGNORED
        first = tuple(first_pieces)
        return Example(self._shared(piece_ids), tuple(labels), first, tags, allowed)

    def _shared(self, piece_ids: Sequence[int]) -> tuple[int, ...]:
        """The same numbers as one object each, however often they occur: a third of the memory."""
        return tuple(self._interned.setdefault(piece_id, piece_id) for piece_id in piece_ids)
