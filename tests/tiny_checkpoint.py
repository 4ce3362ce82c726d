"""A tiny real checkpoint, made in a second: for speed, not for truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

# Words that the tiny model's vocabulary spells whole; everything else falls apart into pieces.
TINY_WORDS = (
    *("My", "name", "is", "Wolfgang", "and", "I", "live", "in", "Berlin"),
    *("the", "met", "at"),
)
TINY_LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")


def make_tiny_checkpoint(folder: Path, labels: tuple[str, ...] = TINY_LABELS) -> Path:
    """A BERT token classifier of 2 layers and width 32, as save_pretrained writes it.

    Its weights are set so that each word piece has an arbitrary tag of its own, with some influence
    of its neighbours: the predictions mean nothing, but they jump from piece to piece, which tries
    decoding, windows and batches, and they are sure enough to survive quantization.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    characters = [chr(code) for code in range(33, 127)] + list("äöüßéñ中文🙂")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *TINY_WORDS]
    vocabulary = dict.fromkeys([*pieces, *characters, *(f"##{one}" for one in characters)])
    tokenizer = Tokenizer(
        models.WordPiece(
            {piece: index for index, piece in enumerate(vocabulary)}, unk_token="[UNK]"
        )
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    )
    torch.manual_seed(7)
    model = BertForTokenClassification(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=128,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
    )
    count = len(labels)
    with torch.no_grad():
        words = model.bert.embeddings.word_embeddings.weight
        words.normal_(std=0.1)
        tag_of_piece = torch.randint(count, (len(vocabulary),))
        words[torch.arange(len(vocabulary)), tag_of_piece] += 1.5
        model.classifier.weight.zero_()
        model.classifier.weight[:, :count] = 2.0 * torch.eye(count)
    # Stored in half precision on purpose: the original must come out as float32 all the same.
    model.half().save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def with_config(checkpoint: Path, folder: Path, **changes: Any) -> Path:
    """A copy of a checkpoint in ``folder``, whose config.json says something else."""
    shutil.copytree(checkpoint, folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return folder
