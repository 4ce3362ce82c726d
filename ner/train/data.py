"""Reads CoNLL folders and turns their sentences into labelled word pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from transformers import BatchEncoding, PreTrainedTokenizerBase

from ner.entities import Annotated, Tagged
from ner.errors import FileFormatError, InputError
from ner.files.gold import load_gold, read_gold
from ner.files.marked import Reading
from ner.io import read_lines
from ner.train.settings import Source

if TYPE_CHECKING:
    from ner.train.distil import SoftLabels

IGNORED = -100  # what torch's cross entropy skips by default
MOST_PIECES = 512
Row = Sequence[int] | NDArray[np.int32]  # numbers of word pieces
_TOKENIZED_TOGETHER = 1000  # texts; the tokenizer's answer takes much memory


@dataclass(frozen=True, slots=True)
class Text:
    """A text to train on.

    ``originals`` are the texts from which it was made, as they were written: joined by a space and
    perhaps put into another case. The teacher labels those. Empty: the teacher is not asked.
    """

    sentence: Annotated
    originals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One text as the model reads it.

    ``piece_ids`` and ``labels`` have one entry for each word piece; the label of special pieces is
    ``IGNORED``. ``first_pieces`` gives for each gold token the index of its first piece, or -1 if
    it has none (cut off, or invisible). ``allowed`` is False for each tag that the source does not
    annotate. ``soft`` has for each piece the number of its soft label (`distil.SoftLabels.align`),
    None without a teacher.
    """

    piece_ids: Row
    labels: tuple[int, ...]
    first_pieces: tuple[int, ...]
    tags: tuple[str, ...]
    allowed: tuple[bool, ...]
    soft: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """One folder's sentences, and its training documents if it has them."""

    source: Source
    train: tuple[Annotated, ...]
    documents: tuple[tuple[Annotated, ...], ...]
    dev: tuple[Annotated, ...]

    @property
    def labels(self) -> frozenset[str]:
        """The entity types that are learnt from here."""
        return frozenset(self.source.labels or types_in(self.train))


def types_in(sentences: Iterable[Annotated]) -> set[str]:
    """The entity types that occur."""
    return {entity.label for sentence in sentences for entity in sentence.tagged.entities}


def read_corpus(source: Source, reading: Reading | None = None) -> Corpus:
    """Read a folder; ``FileFormatError`` or ``InputError`` if it can't be trained on."""
    train_file, dev_file, documents_file = (
        source.path / f"{split}.txt" for split in ("train", "dev", "train.docs")
    )
    if not train_file.is_file():
        raise InputError(
            f"{source.path} has no train.txt; expected a folder with train.txt and dev.txt in "
            "CoNLL format (token, tab, tag; a blank line after each sentence)."
        )
    train = tuple(read_gold(train_file, reading))
    if not train:
        raise FileFormatError(train_file, None, "holds no sentence to train on.")
    absent = set(source.labels or ()) - types_in(train)
    if absent:
        raise FileFormatError(
            train_file, None, f"has no entity of type {', '.join(sorted(absent))}."
        )
    documents = load_gold(documents_file, reading).documents if documents_file.is_file() else []
    dev = tuple(read_gold(dev_file, reading)) if dev_file.is_file() else ()
    return Corpus(source, train, tuple(map(tuple, documents)), dev)


def read_corpora(
    sources: Iterable[Source], names: Mapping[str, str] | None = None
) -> tuple[Corpus, ...]:
    """All folders, checked against each other; ``names`` are other names of labels.

    The first folder must have a dev set, which chooses the checkpoint, and its entity types must
    occur in some training file.
    """
    reading = Reading(names=names or {})
    corpora = tuple(read_corpus(source, reading) for source in sources)
    first = corpora[0]
    if not first.dev:
        raise InputError(
            f"{first.source.path} has no dev.txt with sentences; the first folder's dev set "
            "decides which checkpoint is kept."
        )
    known = entity_types(corpora)
    if not known:
        raise InputError("No training file holds an entity, so there is nothing to learn.")
    unknown = types_in(first.dev) - set(known)
    if unknown:
        raise InputError(
            f"The dev set of {first.source.path} has the types {', '.join(sorted(unknown))}, which "
            f"no training file has; known are {', '.join(known)}."
        )
    return corpora


def read_texts(source: Source) -> tuple[Annotated, ...]:
    """The lines of an unlabelled file, without tokens; ``FileFormatError`` if there is no text."""
    lines = (line.strip() for line in read_lines(source.path))
    texts = tuple(Annotated(Tagged(line), ()) for line in lines if line)
    if not texts:
        raise FileFormatError(source.path, None, "holds no text; expected one sentence a line.")
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


def label_maps(tags: Sequence[str]) -> dict[str, Any]:
    """What a model's configuration says of its outputs."""
    return {
        "id2label": dict(enumerate(tags)),
        "label2id": {tag: index for index, tag in enumerate(tags)},
    }


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns texts into examples for one tokenizer and one set of tags."""

    tokenizer: PreTrainedTokenizerBase
    tags: tuple[str, ...]
    soft: SoftLabels | None = None

    @property
    def pad_id(self) -> int:
        """The id of the padding piece."""
        return int(self.tokenizer.pad_token_id)

    def __call__(self, texts: Sequence[Text], learnt: frozenset[str]) -> list[Example]:
        """Encode texts; of their entity types only ``learnt`` enter the loss."""
        allowed = tuple(tag == "O" or tag[2:] in learnt for tag in self.tags)
        examples = []
        for begin in range(0, len(texts), _TOKENIZED_TOGETHER):
            block = texts[begin : begin + _TOKENIZED_TOGETHER]
            encoded = tokenize(self.tokenizer, [text.sentence.tagged.text for text in block])
            pieces = zip(block, encoded["input_ids"], encoded["offset_mapping"], strict=True)
            for text, piece_ids, offsets in pieces:
                labels, first_pieces = self._labels(text.sentence, offsets, allowed)
                soft = self.soft.align(text.originals, offsets) if self.soft else None
                # An array takes a third of the memory of as many Python numbers.
                ids = np.array(piece_ids, np.int32)
                examples.append(
                    Example(ids, labels, first_pieces, text.sentence.tags, allowed, soft)
                )
        return examples

    def dev(self, corpus: Corpus) -> list[Example]:
        """The examples of a folder's dev set."""
        return self([Text(sentence) for sentence in corpus.dev], corpus.labels)

    def _labels(
        self, sentence: Annotated, offsets: Sequence[tuple[int, int]], allowed: tuple[bool, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The label of each piece, and the first piece of each token.

        B- goes on the first piece of an entity, I- on all others, whatever their word. So every
        word of a gold token carries its label ('U', '.', 'S', '.'), and the spans of the served
        model lose no dots and hyphens.
        """
        tags = sentence.tags
        ids = {name: number for number, name in enumerate(self.tags)}
        labels, first_pieces = [IGNORED] * len(offsets), [-1] * len(tags)
        token = 0
        for index, (start, end) in enumerate(offsets):
            if start == end or not tags:
                continue  # [CLS], [SEP]; text without gold
            while sentence.token_offsets[token][1] <= start:
                token += 1
            tag = tags[token]
            if first_pieces[token] < 0:
                first_pieces[token] = index
            elif tag != "O":
                tag = f"I{tag[1:]}"
            if tag in ids and allowed[ids[tag]]:
                labels[index] = ids[tag]
        return tuple(labels), tuple(first_pieces)


def tokenize(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> BatchEncoding:
    """Piece ids and offsets of each text, cut at the longest input that the tokenizer admits."""
    encoded: BatchEncoding = tokenizer(
        list(texts),
        truncation=True,
        max_length=min(tokenizer.model_max_length, MOST_PIECES),
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
    )
    return encoded
