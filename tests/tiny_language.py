"""A tiny language of persons and places, and a tiny base to learn it from."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

from ner.train.vocabulary import SPECIAL_PIECES, to_pretrained, wordpiece

PEOPLE = ("Ada", "Boris", "Chen Li", "Dora Quill")
PLACES = ("Oslo", "Lima", "Port Vell", "St. Ives")
FRAMES = (
    "{person} lives in {place} .",
    "In {place} nobody knows {person} .",
    "Yesterday {person} left {place} by train .",
    "The train was late .",
)


def tiny_sentence(rng: random.Random) -> list[tuple[str, str]]:
    """Tokens and tags of one sentence of the tiny language."""
    rows = []
    for word in rng.choice(FRAMES).split():
        if word in ("{person}", "{place}"):
            label = "PER" if word == "{person}" else "LOC"
            names = rng.choice(PEOPLE if label == "PER" else PLACES).split()
            rows += [(name, f"{'I' if i else 'B'}-{label}") for i, name in enumerate(names)]
        else:
            rows.append((word, "O"))
    return rows


def write_split(path: Path, sentences: int, *, seed: int) -> None:
    """A CoNLL file of the tiny language."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    blocks = (
        "\n".join(f"{token}\t{tag}" for token, tag in tiny_sentence(rng)) for _ in range(sentences)
    )
    path.write_text("\n\n".join(blocks) + "\n\n", "utf-8")


def write_texts(path: Path, count: int, *, seed: int) -> Path:
    """Sentences of the tiny language, one a line, without tags."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    lines = (" ".join(token for token, _ in tiny_sentence(rng)) for _ in range(count))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def write_base(folder: Path) -> Path:
    """An uncased BERT with random weights over letters and a few words."""
    letters = "abcdefghijklmnopqrstuvwxyz.,"
    words = ["train", "lives", "the", "oslo", "ada"]
    pieces = [*SPECIAL_PIECES, *letters, *(f"##{letter}" for letter in letters), *words]
    to_pretrained(wordpiece(pieces), max_pieces=64).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
