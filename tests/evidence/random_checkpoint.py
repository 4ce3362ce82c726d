"""Writes a DistilBERT of full size (6 layers, width 768) with random weights: for speed only.

    python tests/evidence/random_checkpoint.py FOLDER
    python -m ner bench --model FOLDER --out assets/results/bench-distilbert-random.json

What it finds means nothing; it is biased towards O, so that the gate has nothing to decide.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from transformers import DistilBertConfig, DistilBertForTokenClassification

from ner.models.names import find_model

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")


def write(folder: Path) -> None:
    """The checkpoint, with the bundled model's tokenizer."""
    bundled = find_model("bundled").folder
    assert bundled is not None
    torch.manual_seed(0)
    model = DistilBertForTokenClassification(
        DistilBertConfig(
            vocab_size=28996,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )
    )
    with torch.no_grad():
        model.classifier.bias[0] = 10.0
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(bundled / name, folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
