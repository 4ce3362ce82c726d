"""CoNLL folders -> examples of word pieces with labels, ready for batching."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from ner.entities import Annotated
from ner.errors import FileFormatError, InputError
from ner.evaluating.documents import join
from ner.files.conll import read_conll, read_conll_documents
from ner.train.augment import names_by_type, swapped, with_case
from ner.train.settings import DataSource, TrainSettings

IGNORED = -100  # what torch's cross entropy skips by default


@dataclass(frozen=True, slots=True)
class Example:
    """One text as the model meets it.

    ``piece_ids`` and ``labels`` have one entry for each word piece, special ones included, whose
    label is ``IGNORED``. ``first_pieces`` gives for each gold token the index of its first piece,
    or -1 if it has none (cut off, or invisible). ``allowed`` has one entry for each tag: False
    where the source doesn't annotate that class.
    """

    piece_ids: tuple[int, ...]
    labels: tuple[int, ...]
    first_pieces: tuple[int, ...]
    tags: tuple[str, ...]
    allowed: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Examples of which each epoch draws the share ``weight``."""

    name: str
    weight: float
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One folder, read: its sentences and, where asked for, its documents as chunks."""

    source: DataSource
    train: tuple[Annotated, ...]
    chunks: tuple[Annotated, ...]
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


def read_corpus(source: DataSource, *, document_words: int, seed: int) -> Corpus:
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
    chunks: list[Annotated] = []
    if document_words and documents_file.is_file():
        chunks = chunk_documents(read_conll_documents(documents_file), document_words, seed)
    return Corpus(source, chunks=tuple(chunks), **splits)


def _read_split(folder: Path, split: str) -> tuple[Annotated, ...]:
    path = split_file(folder, split)
    return () if path is None else tuple(read_conll(path))


def read_corpora(settings: TrainSettings) -> tuple[Corpus, ...]:
    """All folders, checked against each other.

    The first folder's dev set decides, so it must be there, and may hold no type that no training
    file has.
    """
    corpora = tuple(
        read_corpus(source, document_words=settings.document_words, seed=settings.seed)
        for source in settings.data
    )
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


def entity_types(corpora: Iterable[Corpus]) -> tuple[str, ...]:
    """The types to be learnt, in alphabetical order."""
    return tuple(sorted(set().union(*(corpus.labels for corpus in corpora))))


def tag_names(types: Iterable[str]) -> tuple[str, ...]:
    """The model's outputs: O, then B- and I- of each type."""
    return ("O", *(f"{prefix}-{label}" for label in types for prefix in ("B", "I")))


def chunk_documents(
    documents: Iterable[Sequence[Annotated]], words: int, seed: int
) -> list[Annotated]:
    """Join consecutive sentences to chunks whose lengths vary, up to ``words`` tokens.

    A sentence that is longer stands alone; chunks of one sentence are left out, since sentences
    are trained on by themselves anyway.
    """
    rng = random.Random(seed)  # noqa: S311 - shuffling, not security
    chunks = []
    for document in documents:
        current: list[Annotated] = []
        limit = rng.randint(words // 3, words)
        for sentence in document:
            if sum(len(part.token_offsets) for part in (*current, sentence)) > limit:
                chunks.append(current)
                current, limit = [], rng.randint(words // 3, words)
            current.append(sentence)
        chunks.append(current)
    return [join(chunk) for chunk in chunks if len(chunk) > 1]


class Encoder:
    """Turns annotated sentences into examples for one tokenizer and one set of tags."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, tags: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._ids = {tag: index for index, tag in enumerate(tags)}
        self._max_pieces = min(tokenizer.model_max_length, 512)

    def __call__(
        self, sentences: Sequence[Annotated], learnt: frozenset[str]
    ) -> tuple[Example, ...]:
        """Encode; of the types only ``learnt`` enter the loss."""
        if not sentences:
            return ()
        encoded = self._tokenizer(
            [sentence.tagged.text for sentence in sentences],
            truncation=True,
            max_length=self._max_pieces,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        allowed = tuple(tag == "O" or tag[2:] in learnt for tag in self._ids)
        return tuple(
            self._example(sentence, piece_ids, offsets, allowed)
            for sentence, piece_ids, offsets in zip(
                sentences, encoded["input_ids"], encoded["offset_mapping"], strict=True
            )
        )

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
        return Example(tuple(piece_ids), tuple(labels), tuple(first_pieces), tags, allowed)


def training_pools(
    corpora: Sequence[Corpus], encode: Encoder, settings: TrainSettings
) -> tuple[Pool, ...]:
    """What an epoch draws from: sentences, chunks of documents, changed case, changed names."""
    pools = []
    for corpus in corpora:
        weight = corpus.source.weight
        parts = [("", weight, corpus.train)]
        parts.append((" documents", weight * settings.document_weight, corpus.chunks))
        if settings.case_share:
            share = weight * settings.case_share
            for name, change, part in ((" lower", str.lower, 1.0), (" upper", str.upper, 0.5)):
                changed = (with_case(sentence, change) for sentence in corpus.train)
                parts.append((name, share * part, tuple(filter(None, changed))))
        if settings.swap_share and corpus is corpora[0]:
            names = names_by_type(sentence for one in corpora for sentence in one.train)
            copies = math.ceil(settings.epochs)  # so that each epoch meets others
            sentences = swapped(corpus.train, names, copies, settings.seed)
            parts.append((" other names", weight * settings.swap_share / copies, sentences))
        pools += [
            Pool(corpus.name + name, part_weight, encode(sentences, corpus.labels))
            for name, part_weight, sentences in parts
            if sentences
        ]
    return tuple(pools)
