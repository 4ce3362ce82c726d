"""Soft labels: what teachers think of each pre-token of a text, for a student to learn from.

A teacher reads each text once, as it was written. The tag distributions belong to pre-tokens, that
is to spans of characters, so they serve lower-cased, upper-cased and joined versions of the text
too, and students with another vocabulary (Hinton et al. 2015, arXiv:1503.02531; temperature 1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from ner.errors import InputError, ModelRefused
from ner.train import transformer
from ner.train.batches import pack
from ner.train.metrics import has_bf16, logits_of
from ner.train.publish import disk_errors

NO_LABEL = -1  # in `SoftLabels.align`: the teachers say nothing of this piece
_BLOCK = 1024  # texts in a file of the cache; a killed run labels at most these again
_BUDGET = 4096  # padded pieces in a batch; no gradients are kept

Spans = NDArray[np.int32]
Rows = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """Tag distributions of many texts, behind one another.

    ``rows`` (pre-tokens, tags) are probabilities in the order of ``tags``; ``spans`` (pre-tokens,
    2) are half-open code points within their text; ``slices`` gives each text its part of both.
    About 26 bytes for each pre-token with nine tags.
    """

    tags: tuple[str, ...]
    rows: Rows
    spans: Spans
    slices: dict[str, tuple[int, int]]

    def align(
        self, originals: Sequence[str], offsets: Sequence[tuple[int, int]]
    ) -> NDArray[np.int32]:
        """For each piece which distribution it learns: twice its row, plus one for later pieces.

        ``originals`` are texts that were labelled, joined by one space to the text in which
        ``offsets`` count; in another case it may be, as long as that changed no length. A piece
        whose pre-token no teacher saw has ``NO_LABEL``.
        """
        spans, rows, shift = [], [], 0
        for text in originals:
            begin, end = self.slices[text]
            spans.append(self.spans[begin:end] + shift)
            rows.append(np.arange(begin, end, dtype=np.int32))
            shift += len(text) + 1
        known, numbers = np.concatenate(spans), np.concatenate(rows)
        starts, ends = np.asarray(offsets, np.int32).reshape(-1, 2).T
        aligned = np.full(len(starts), NO_LABEL, np.int32)
        if not len(known):
            return aligned
        at = np.searchsorted(known[:, 0], starts, side="right") - 1
        inside = np.flatnonzero((ends > starts) & (at >= 0) & (starts < known[at, 1]))
        later = np.diff(at[inside], prepend=-1) == 0
        aligned[inside] = 2 * numbers[at[inside]] + later
        return aligned

    def targets(self, aligned: NDArray[np.int32]) -> NDArray[np.float32]:
        """The distributions for what `align` gave, (…, tags); zeros where there is none.

        On the later pieces of a pre-token what the teacher gives to B- goes to I-: training labels
        every piece after an entity's first one I-, also within its first word. That keeps each
        piece trained, by one rule, so that aggregations which read every piece ('none', 'average')
        stay as sensible as those that read the first one.
        """
        found: NDArray[np.float32] = self.rows[np.maximum(aligned, 0) // 2].astype(np.float32)
        later = (aligned % 2 == 1) & (aligned != NO_LABEL)
        found[later] = found[later] @ _beginning_to_inside(self.tags)
        found[aligned == NO_LABEL] = 0.0
        return found


def _beginning_to_inside(tags: Sequence[str]) -> NDArray[np.float32]:
    """The matrix that moves each B- to the I- of its type, and leaves the others."""
    matrix = np.zeros((len(tags), len(tags)), np.float32)
    for index, tag in enumerate(tags):
        inside = f"I{tag[1:]}"
        matrix[index, tags.index(inside) if tag.startswith("B-") and inside in tags else index] = 1
    return matrix


class Teacher:
    """A checkpoint that labels pre-tokens with the distribution over ``tags``."""

    def __init__(self, folder: Path, tags: Sequence[str]) -> None:
        self._order = check_teacher(folder, tags)
        self._tokenizer, self._model = _load(folder)
        self._model.eval()
        self._pad_id = transformer.pad_id(self._tokenizer)
        if torch.cuda.is_available():
            self._model.to("cuda")

    def __call__(self, texts: Sequence[str]) -> list[tuple[Spans, Rows]]:
        """Spans of the pre-tokens of each text, and their distributions."""
        encoded = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=min(self._tokenizer.model_max_length, 512),
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        ids: list[list[int]] = encoded["input_ids"]
        labelled: dict[int, tuple[Spans, Rows]] = {}
        for indices in pack(range(len(ids)), [len(pieces) for pieces in ids], _BUDGET):
            probabilities = self._read([ids[index] for index in indices])
            for row, index in zip(probabilities, indices, strict=True):
                first, spans = pre_tokens(encoded.word_ids(index), encoded["offset_mapping"][index])
                labelled[index] = (spans, row[first])
        return [labelled[index] for index in range(len(ids))]

    def _read(self, texts: Sequence[Sequence[int]]) -> Rows:
        """(batch, seq, tags) probabilities of piece ids, padded here."""
        shape = (len(texts), max(map(len, texts)))
        input_ids = torch.full(shape, self._pad_id)
        attention_mask = torch.zeros(shape, dtype=torch.long)
        for row, pieces in enumerate(texts):
            input_ids[row, : len(pieces)] = torch.tensor(pieces)
            attention_mask[row, : len(pieces)] = 1
        device = next(self._model.parameters()).device
        with (
            torch.inference_mode(),
            torch.autocast(device.type, torch.bfloat16, enabled=has_bf16()),
        ):
            logits = logits_of(self._model, input_ids.to(device), attention_mask.to(device))
        return logits.float().softmax(-1)[..., self._order].half().cpu().numpy()


def _load(folder: Path) -> tuple[PreTrainedTokenizerBase, nn.Module]:
    try:
        return AutoTokenizer.from_pretrained(folder), transformer.load(folder)
    except (OSError, ValueError) as error:
        raise ModelRefused(f"--teacher {folder} can't be loaded: {error}") from error


def pre_tokens(
    words: Sequence[int | None], offsets: Sequence[tuple[int, int]]
) -> tuple[list[int], Spans]:
    """The first piece of each pre-token, and its half-open span from first to last piece.

    >>> first, spans = pre_tokens([None, 0, 0, 1, None], [(0, 0), (0, 2), (2, 4), (4, 5), (0, 0)])
    >>> first, spans.tolist()
    ([1, 3], [[0, 4], [4, 5]])
    """
    first = [
        index
        for index, (before, word) in enumerate(pairwise([None, *words]))
        if word is not None and word != before
    ]
    last = {word: index for index, word in enumerate(words)}
    spans = [(offsets[index][0], offsets[last[words[index]]][1]) for index in first]
    return first, np.array(spans, np.int32).reshape(-1, 2)


def check_teacher(folder: Path, tags: Sequence[str]) -> list[int]:
    """Where each of the student's ``tags`` stands among the teacher's outputs.

    ``ModelRefused`` if there is no checkpoint, ``InputError`` if it has other tags.
    """
    if not (folder / "config.json").is_file():
        raise ModelRefused(f"--teacher {folder} has no config.json; expected a checkpoint folder.")
    names = AutoConfig.from_pretrained(folder).id2label
    known = {names[index]: index for index in names}
    if set(known) != set(tags):
        raise InputError(
            f"--teacher {folder} has the tags {', '.join(sorted(known))}; the data has "
            f"{', '.join(sorted(tags))}. A teacher must know just the types to be learnt."
        )
    return [known[tag] for tag in tags]


def label(
    texts: Sequence[str],
    teachers: Sequence[Path],
    tags: Sequence[str],
    cache: Path,
    report: Callable[[int, int], None],
) -> SoftLabels:
    """Let ``teachers`` label ``texts``, each distinct one once; their probabilities are averaged.

    Each block of texts is a file in ``cache``, under a name made of texts, tags and teachers, so a
    run that goes on, or another student of the same teachers, reads it. ``report`` is told how
    many texts of how many are labelled. ``InputError`` if two teachers cut a text into other
    pre-tokens.
    """
    distinct = list(dict.fromkeys(texts))
    fingerprints = [_fingerprint(folder) for folder in teachers]
    loaded: list[Teacher] = []
    parts: list[tuple[Spans, Rows]] = []
    slices: dict[str, tuple[int, int]] = {}
    position = 0
    with disk_errors(cache):
        cache.mkdir(parents=True, exist_ok=True)
    for begin in range(0, len(distinct), _BLOCK):
        block = distinct[begin : begin + _BLOCK]
        name = hashlib.sha256("\0".join([*fingerprints, *tags, *block]).encode()).hexdigest()[:32]
        file = cache / f"soft-labels-{name}.npz"
        if not file.is_file():
            loaded = loaded or [Teacher(folder, tags) for folder in teachers]
            _label_block(block, loaded, file)
            report(begin + len(block), len(distinct))
        with np.load(file) as saved:
            parts.append((saved["spans"], saved["rows"]))
            for text, count in zip(block, saved["counts"].tolist(), strict=True):
                slices[text] = (position, position + count)
                position += count
    spans, rows = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return SoftLabels(tuple(tags), rows, spans, slices)


def read_labels(texts: Sequence[str], tags: Sequence[str], folder: Path) -> SoftLabels:
    """The labels of ``texts`` in ``folder``, where a teacher left them for others to learn from.

    ``labels.npz`` holds ``counts`` (texts,), ``spans`` and ``rows`` as in `SoftLabels`;
    ``texts.json`` its tags and the SHA-256 of the texts, joined by NUL, each distinct one once.
    ``InputError`` if the labels are those of other texts or tags; the first text that they can't
    belong to is named.
    """
    distinct = list(dict.fromkeys(texts))
    try:
        known = json.loads((folder / "texts.json").read_text("utf-8"))
        with np.load(folder / "labels.npz") as saved:
            counts, spans, rows = saved["counts"], saved["spans"], saved["rows"]
        order = [known["tags"].index(tag) for tag in tags]
        digest = known["sha256 of the texts, joined by NUL"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"--teacher-labels {folder} needs labels.npz and texts.json, of the tags "
            f"{', '.join(tags)}; without them name a --teacher. ({type(error).__name__})"
        ) from error
    ends = np.cumsum(counts)
    bounds = list(zip((ends - counts).tolist(), ends.tolist(), strict=True))
    if hashlib.sha256("\0".join(distinct).encode()).hexdigest() != digest:
        other = _first_other(distinct, bounds, spans)
        raise InputError(
            f"--teacher-labels {folder} holds the labels of {len(counts):,} texts; this run asks "
            f"for {len(distinct):,}, and {other[:60]!r} is not among them. Ask for the same files "
            "in the same order, or name a --teacher."
        )
    return SoftLabels(tuple(tags), rows[:, order], spans, dict(zip(distinct, bounds, strict=True)))


def _first_other(texts: Sequence[str], bounds: Sequence[tuple[int, int]], spans: Spans) -> str:
    """The first text that the labels at its place can't be of, by the words they stand on."""
    for text, (begin, end) in zip(texts, bounds, strict=False):
        words = "".join(text[first:last] for first, last in spans[begin:end])
        if not text.replace(" ", "").startswith(words) or not words:
            return text
    return texts[min(len(bounds), len(texts) - 1)]


def _label_block(texts: Sequence[str], teachers: Sequence[Teacher], file: Path) -> None:
    """Write pre-tokens and mean distributions of ``texts`` to ``file``, whole or not at all."""
    spans: list[Spans] = []
    rows: list[Rows] = []
    for text, *views in zip(texts, *(teacher(texts) for teacher in teachers), strict=True):
        seen = min(len(part) for part, _ in views)  # teachers may cut a long text at other places
        if any((part[:seen] != views[0][0][:seen]).any() for part, _ in views):
            raise InputError(f"The teachers cut {text[:40]!r} into other words; use them singly.")
        spans.append(views[0][0][:seen])
        rows.append(
            np.mean([view[:seen] for _, view in views], axis=0, dtype=np.float32).astype("f2")
        )
    fresh = file.with_name(f".{file.name}")
    with disk_errors(file.parent), fresh.open("wb") as binary:
        np.savez(
            binary,
            counts=np.array([len(part) for part in spans]),
            spans=np.concatenate(spans),
            rows=np.concatenate(rows),
        )
    fresh.replace(file)


def _fingerprint(folder: Path) -> str:
    """The hash of a checkpoint's weights, tags and vocabulary."""
    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
