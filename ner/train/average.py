"""One checkpoint of several: the mean of their weights.

Fine-tunings that start from the same checkpoint end in the same valley, and the mean of them
generalizes better than each one ('model soups', Wortsman et al. 2022, arXiv:2203.05482), at the
cost of one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ner.errors import FileFormatError, InputError
from ner.train import transformer
from ner.train.data import Encoder, read_corpus, tag_names
from ner.train.loop import EVALUATION_BUDGET, best_f1, quiet_transformers
from ner.train.metrics import evaluate
from ner.train.publish import check_replaceable, save_tokenizer, write_record, write_whole
from ner.train.run import ARCHITECTURES
from ner.train.settings import Arch, DataSource


def average(
    checkpoints: Sequence[Path], out: Path, *, data: Sequence[DataSource]
) -> dict[str, dict[str, float]]:
    """Write the average of ``checkpoints`` to ``out`` and score it on the dev sets of ``data``.

    Returns token-level precision, recall and F1 for each folder's name. The new record holds those
    of all checkpoints. Raises ``InputError`` for checkpoints that differ in more than their
    weights, ``FileFormatError`` for one without its metrics.json.
    """
    if len(checkpoints) < 2:
        raise InputError("An average needs at least two checkpoints.")
    check_replaceable(out)
    records = [_record(folder) for folder in checkpoints]
    _check_alike(checkpoints)
    architecture = ARCHITECTURES[Arch(records[0]["settings"]["arch"])]
    with quiet_transformers():
        model = _average_weights([architecture.load(folder) for folder in checkpoints])
        tokenizer = AutoTokenizer.from_pretrained(checkpoints[0])
    labels = records[0]["labels"]
    dev = _scores(model, tokenizer, tag_names(labels), data)
    named = [str(source.strip_path()) for source in data]
    metrics = {"labels": labels, "averaged": records, "data": named, "dev": dev}
    best = max(records, key=lambda record: best_f1(record["history"])[0])

    def write(folder: Path) -> None:
        architecture.save(model, folder)
        save_tokenizer(tokenizer, folder)
        write_record(folder, out.name, metrics, best["history"])

    write_whole(out, write)
    return dev


def _average_weights(models: Sequence[nn.Module]) -> nn.Module:
    """The first model, with the mean weights of all."""
    weights = [model.state_dict() for model in models]
    models[0].load_state_dict(
        {name: torch.stack([state[name] for state in weights]).mean(dim=0) for name in weights[0]}
    )
    return models[0].eval()


def _scores(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    tags: Sequence[str],
    data: Sequence[DataSource],
) -> dict[str, dict[str, float]]:
    encode = Encoder(tokenizer, tags)
    pad_id = transformer.pad_id(tokenizer)
    scores = {}
    for source in data:
        corpus = read_corpus(source)
        examples = encode(corpus.dev, corpus.labels)
        counts = evaluate(model, examples, tags, pad_id=pad_id, budget=EVALUATION_BUDGET)
        scores[corpus.name] = counts.to_json()
    return scores


def _record(folder: Path) -> dict[str, Any]:
    file = folder / "metrics.json"
    if not file.is_file():
        raise FileFormatError(file, None, "is missing; expected a checkpoint that train wrote.")
    record: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return record


def _check_alike(checkpoints: Sequence[Path]) -> None:
    """Refuse checkpoints of other shapes, labels or vocabularies than the first one's."""
    first = checkpoints[0]
    for folder in checkpoints[1:]:
        for name in ("config.json", "tokenizer.json"):
            if (folder / name).read_bytes() != (first / name).read_bytes():
                raise InputError(
                    f"{folder} and {first} differ in {name}; only fine-tunings of one checkpoint "
                    "can be averaged."
                )
