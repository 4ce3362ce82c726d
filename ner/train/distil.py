"""Soft labels: a teacher's probabilities for each pre-token of a text, for a student to learn from.

A teacher reads each text once, as it was written. Its probabilities belong to pre-tokens, that is
to spans of characters, so they also serve lower-cased, upper-cased and joined versions of the text,
and students with another vocabulary (Hinton et al. 2015, arXiv:1503.02531; temperature 1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from ner.errors import InputError, ModelRefused
from ner.io import atomically
from ner.models.folder import sha256
from ner.train.batches import pack
from ner.train.checkpoint import disk_errors, load, load_tokenizer
from ner.train.data import MOST_PIECES, tokenize
from ner.train.scores import BUDGET, tag_pieces

_SAVED = 4096  # texts; a run that is killed labels at most so many again
_DIGEST = "sha256 of the texts, joined by NUL"

# What a teacher says of texts, one after the other: how many pre-tokens each has (texts,), their
# half-open code points within their text (pre-tokens, 2), and probabilities (pre-tokens, tags).
Labels = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """Tag distributions of many texts, one text after the other.

    ``rows`` (pre-tokens, tags) are probabilities in the order of ``tags``; ``spans`` (pre-tokens,
    2) are half-open code points within their text; ``slices`` gives each text its part of both.
    """

    tags: tuple[str, ...]
    rows: NDArray[np.float16]
    spans: NDArray[np.int32]
    slices: dict[str, tuple[int, int]]

    def align(
        self, originals: Sequence[str], offsets: Sequence[tuple[int, int]]
    ) -> NDArray[np.int32]:
        """The number of the distribution of each piece: twice its row, plus one for later pieces.

        ``originals`` are labelled texts that make, joined by one space, the text of ``offsets``;
        it may have another case, as long as that changed no length. -1 for a piece whose pre-token
        the teacher did not see, and for all where it was not asked (no ``originals``).
        """
        spans, rows, shift = [self.spans[:0]], [np.arange(0, dtype=np.int32)], 0
        for text in originals:
            begin, end = self.slices[text]
            spans.append(self.spans[begin:end] + shift)
            rows.append(np.arange(begin, end, dtype=np.int32))
            shift += len(text) + 1
        known, numbers = np.concatenate(spans), np.concatenate(rows)
        starts, ends = np.asarray(offsets, np.int32).reshape(-1, 2).T
        aligned = np.full(len(starts), -1, np.int32)
        if len(known):
            at = np.searchsorted(known[:, 0], starts, side="right") - 1
            inside = np.flatnonzero((ends > starts) & (at >= 0) & (starts < known[at, 1]))
            later = np.diff(at[inside], prepend=-1) == 0
            aligned[inside] = 2 * numbers[at[inside]] + later
        return aligned

    def targets(self, aligned: NDArray[np.integer]) -> NDArray[np.float32]:
        """The distributions for what `align` gave, (…, tags); zeros where there is none.

        On the later pieces of a pre-token the probability of B- goes to I-, as training labels
        every piece after an entity's first one I-, also within its first word.
        """
        found: NDArray[np.float32] = self.rows[np.maximum(aligned, 0) // 2].astype(np.float32)
        later = (aligned % 2 == 1) & (aligned >= 0)
        inside = [
            self.tags.index(f"I{tag[1:]}") if tag.startswith("B-") else index
            for index, tag in enumerate(self.tags)
        ]
        found[later] = found[later] @ np.eye(len(self.tags), dtype=np.float32)[inside]
        found[aligned < 0] = 0.0
        return found


def _outputs(folder: Path) -> list[str]:
    """The tags of a teacher's outputs; ``ModelRefused`` if there is no checkpoint."""
    if not (folder / "config.json").is_file():
        raise ModelRefused(f"--teacher {folder} has no config.json; expected a checkpoint folder.")
    names = AutoConfig.from_pretrained(folder).id2label
    return [names[index] for index in sorted(names)]


def _order(what: str, known: list[str], tags: Sequence[str]) -> list[int]:
    """The index of each of ``tags`` among ``known``, which must be the same tags."""
    if set(known) != set(tags):
        raise InputError(
            f"{what} has the tags {', '.join(sorted(known))}; the data has "
            f"{', '.join(sorted(tags))}. The two must be the same."
        )
    return [known.index(tag) for tag in tags]


def soft_labels(
    texts: Sequence[str],
    tags: Sequence[str],
    folder: Path,
    teacher: Path | None,
    report: Callable[[str], None],
) -> SoftLabels:
    """The labels of ``texts`` in ``folder``; the teacher adds those that are missing there.

    Labels belong to the distinct texts in the order in which they first occur. ``report`` hears how
    many are labelled. ``InputError`` names the first text without labels if there is no teacher,
    and the first one that the labels do not fit.
    """
    order = _order(f"--teacher {teacher}", _outputs(teacher), tags) if teacher else []
    distinct = list(dict.fromkeys(texts))
    if teacher is None or (folder / "texts.json").is_file():
        labels = _read(folder, distinct, tags, teacher)
    else:
        rows = np.empty((0, len(tags)), np.float16)
        labels = np.empty(0, np.int64), np.empty((0, 2), np.int32), rows
    done = len(labels[0])
    if done < len(distinct):
        if teacher is None:
            raise InputError(
                f"--teacher-labels {folder} has no labels of {distinct[done][:60]!r}: this run "
                f"asks for {len(distinct):,} texts, of which it holds {done:,}. Name a --teacher."
            )
        tokenizer, model = load_tokenizer(str(teacher)), load(teacher)
        model.to("cuda" if torch.cuda.is_available() else "cpu")  # type: ignore[arg-type]
        about = {"tags": list(tags), "teacher": _hash_of(teacher)}
        for begin in range(done, len(distinct), _SAVED):
            new = _ask(model, tokenizer, order, distinct[begin : begin + _SAVED])
            labels = tuple(map(np.concatenate, zip(labels, new, strict=True)))
            done = len(labels[0])
            _write(folder, distinct[:done], labels, about)
            report(f"teacher: {done:,} of {len(distinct):,} texts")
    counts, spans, rows = labels
    ends = np.cumsum(counts)
    bounds = zip((ends - counts).tolist(), ends.tolist(), strict=True)
    return SoftLabels(tuple(tags), rows, spans, dict(zip(distinct, bounds, strict=False)))


def _ask(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    order: Sequence[int],
    texts: Sequence[str],
) -> Labels:
    """What the teacher says of ``texts``; ``order`` are the outputs for the tags of the student."""
    encoded = tokenize(tokenizer, texts)
    ids = encoded["input_ids"]
    said = {}
    for indices in pack(range(len(ids)), list(map(len, ids)), BUDGET):
        logits = tag_pieces(model, [ids[index] for index in indices], tokenizer.pad_token_id)
        rows = logits.softmax(-1)[..., order].half().cpu().numpy()
        for row, index in zip(rows, indices, strict=True):
            encoding = encoded[index]
            words = [word for word in dict.fromkeys(encoding.word_ids) if word is not None]
            first = [encoding.word_to_tokens(word)[0] for word in words]
            spans = [encoding.word_to_chars(word) for word in words]
            said[index] = np.array(spans, np.int32).reshape(-1, 2), row[first]
    parts = [said[index] for index in range(len(ids))]
    counts = np.array([len(part) for part, _ in parts])
    return counts, *map(np.concatenate, zip(*parts, strict=True))


def _read(folder: Path, texts: Sequence[str], tags: Sequence[str], teacher: Path | None) -> Labels:
    """The labels in a folder, checked to be those of ``texts``.

    ``labels.npz`` has three arrays, as `Labels`. ``texts.json`` has the tags, the number of
    distinct texts, the hash of them all, and perhaps that of the teacher.
    """
    try:
        about = json.loads((folder / "texts.json").read_text("utf-8"))
        known, digest, maker = about["tags"], about[_DIGEST], about.get("teacher")
        with np.load(folder / "labels.npz") as saved:
            counts = saved["counts"][: about["distinct"]].astype(np.int64)
            spans, rows = (saved[name][: counts.sum()] for name in ("spans", "rows"))
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise InputError(
            f"--teacher-labels {folder} must hold labels.npz and texts.json, as a run with "
            f"--teacher writes them ({type(error).__name__})."
        ) from error
    order = _order(f"--teacher-labels {folder}", known, tags)
    if teacher is not None and maker not in (None, _hash_of(teacher)):
        raise InputError(
            f"--teacher-labels {folder} holds the labels of another teacher. Name another folder."
        )
    spans = spans.astype(np.int32)
    # Their hash decides. If there are labels of further texts, the spans of words do.
    if len(counts) > len(texts) or digest != _digest(texts[: len(counts)]):
        parts = zip(texts, np.split(spans, np.cumsum(counts)), strict=False)
        other = next((text for text, part in parts if not _fits(text, part)), None)
        if other is not None or len(counts) <= len(texts):
            named = f"{other[:60]!r} is not the next one" if other else "one of them is another"
            raise InputError(
                f"--teacher-labels {folder} holds the labels of other texts: of those that this "
                f"run asks for, {named}. Give the same --data and --unlabelled in the same order, "
                "or another folder and a --teacher."
            )
    return counts, spans, rows[:, order]


def _fits(text: str, spans: NDArray[np.int32]) -> bool:
    """Whether the words of ``spans`` are those of ``text``; a teacher may not read all of it."""
    letters = "".join(filter(str.isalnum, text))
    found = "".join(filter(str.isalnum, "".join(text[a:b] for a, b in spans.tolist())))
    whole = letters == found or (len(text) >= MOST_PIECES and letters.startswith(found))
    return whole and spans.max(initial=0) <= len(text)


def _write(folder: Path, texts: Sequence[str], labels: Labels, about: dict[str, Any]) -> None:
    counts, spans, rows = labels
    about = {**about, "distinct": len(texts), _DIGEST: _digest(texts)}
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with atomically(folder / "labels.npz") as part, part.open("wb") as binary:
            np.savez_compressed(binary, counts=counts, spans=spans, rows=rows)
        # Comes last: it says how many of the labels are valid.
        with atomically(folder / "texts.json") as part:
            part.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _hash_of(teacher: Path) -> str:
    return sha256(teacher / "model.safetensors")
