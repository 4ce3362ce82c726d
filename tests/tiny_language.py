"""A tiny language of persons and places, and a tiny base to learn it from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters

import pytest
import torch
from tokenizers.implementations import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from ner.train.settings import Source, TrainSettings

SPECIAL_PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

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


def tokenizer_of(*words: str, max_pieces: int = 64) -> PreTrainedTokenizerFast:
    """Word pieces over single letters and some whole words."""
    letters = f"{ascii_letters}.,-'"
    pieces = [*SPECIAL_PIECES, *letters, *(f"##{letter}" for letter in letters), *words]
    ids = {piece: index for index, piece in enumerate(pieces)}
    backend = BertWordPieceTokenizer(ids, lowercase=False)._tokenizer
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=max_pieces,
        model_input_names=["input_ids", "attention_mask"],
        **dict(zip(names, SPECIAL_PIECES, strict=True)),
    )


def write_base(folder: Path) -> Path:
    """A BERT with random weights over letters and a few words."""
    tokenizer = tokenizer_of("train", "lives", "the", "Oslo", "Ada")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
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


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tiny products gain nothing from a second thread, and lose much on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.txt and dev.txt."""
    folder = tmp_path_factory.mktemp("parent") / "letters"
    folder.mkdir()
    write_split(folder / "train.txt", 80, seed=1)
    write_split(folder / "dev.txt", 30, seed=2)
    return folder


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights."""
    return write_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def settings(data: Path, base: Path, tmp_path: Path) -> TrainSettings:
    """A run that overfits the tiny language within seconds."""
    return settings_for(data, base, tmp_path / "model")


def settings_for(data: Path, base: Path, out: Path) -> TrainSettings:
    """Large learning rates and many epochs, for a few sentences."""
    return TrainSettings(
        data=(Source(data),),
        out=out,
        base=str(base),
        epochs=12,
        learning_rate=2e-3,
        embedding_learning_rate=5e-3,
        fresh_learning_rate=5e-3,
        token_budget=256,
        average_decay=0.9,
        patience=12,
    )


def silent(_: str) -> None:
    """Hears progress and does nothing."""
