"""Averages the weights of several checkpoints.

Fine-tunings that start from the same checkpoint end in the same valley, and the mean of them
generalizes better than each one ('model soups', Wortsman et al. 2022, arXiv:2203.05482).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ner.errors import FileFormatError, InputError
from ner.io import atomically, check_out
from ner.train import checkpoint
from ner.train.card import write_record
from ner.train.data import Encoder, read_corpus, tag_names
from ner.train.loop import quiet_transformers
from ner.train.run import score
from ner.train.settings import Source


def average(
    checkpoints: Sequence[Path], out: Path, *, data: Sequence[Source]
) -> dict[str, dict[str, Any]]:
    """Write the average of ``checkpoints`` to ``out`` and score it on the dev sets of ``data``.

    Returns precision, recall and F1 by folder name. The new record holds those of all checkpoints.
    Raises ``InputError`` for checkpoints that differ in more than their weights,
    ``FileFormatError`` for one without its metrics.json.
    """
    if len(checkpoints) < 2:
        raise InputError("An average needs at least two checkpoints.")
    check_out(out, "config.json")
    records = [_record(folder, checkpoints[0]) for folder in checkpoints]
    quiet_transformers()
    models = [checkpoint.load(folder) for folder in checkpoints]
    tokenizer = checkpoint.load_tokenizer(str(checkpoints[0]))
    model, weights = models[0], [model.state_dict() for model in models]
    model.load_state_dict(
        {name: torch.stack([state[name] for state in weights]).mean(dim=0) for name in weights[0]}
    )
    labels = records[0]["labels"]
    dev = score(model, Encoder(tokenizer, tag_names(labels)), list(map(read_corpus, data)))
    metrics = {
        "labels": labels,
        "averaged": records,
        "data": [str(source.without_place()) for source in data],
        "dev": dev,
    }
    with checkpoint.disk_errors(out), atomically(out) as fresh:
        fresh.mkdir()
        checkpoint.save(model, tokenizer, fresh)
        write_record(fresh, out.name, metrics)
    return dev


def _record(folder: Path, first: Path) -> dict[str, Any]:
    """A checkpoint's metrics.json; its shape, labels and vocabulary must be those of ``first``."""
    record = checkpoint.read_record(folder)
    if record is None:
        raise FileFormatError(
            folder / "metrics.json", None, "is missing; expected a checkpoint that train wrote."
        )
    for name in ("config.json", "tokenizer.json"):
        if (folder / name).read_bytes() != (first / name).read_bytes():
            raise InputError(
                f"{folder} and {first} differ in {name}; only fine-tunings of one checkpoint "
                "can be averaged."
            )
    return record
